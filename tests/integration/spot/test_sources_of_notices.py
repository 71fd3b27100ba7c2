"""Notices by the queue, by the node itself, by both: one interruption, acted on once."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import boto3
import pytest

from spot import names, pods
from spot.controller import deliveries
from spot.controller.program import Controller
from tests.integration.spot.conftest import Led
from tests.integration.spot.played_portal import PlayedPortal
from tests.integration.spot.sources.conftest import IMAGE, REGION, aws, moto
from tests.integration.spot.sources.lifecycle_actions import Waiting, lifecycle_actions
from tests.integration.spot.stage import Stage, end, eventually

__all__ = ["aws", "moto"]

GROUP, HOOK, TOKEN = "stage-nodes", "drain", "87654321-4321-4321-4321-210987654321"
TERMINATING = "autoscaling:EC2_INSTANCE_TERMINATING"


class SendingQueue:
    """Where EventBridge's rules send to."""

    def __init__(self, endpoint: str) -> None:
        self._client = boto3.client("sqs", region_name=REGION, endpoint_url=endpoint)
        self.url = self._client.create_queue(QueueName=f"spot-{uuid.uuid4().hex[:8]}")["QueueUrl"]
        # EC2 knows nothing of the stage's instances: it is asked once, and twice would mean "gone".
        self.settings = {
            "queue_url": self.url,
            "aws_endpoint_url": endpoint,
            "MADANG_SPOT_REGION": REGION,
            "reconcile_seconds": 3600,
        }

    def send(self, kind: str, instance: str, **detail: str) -> None:
        self._send("aws.ec2", kind, instance, {"instance-id": instance, **detail})

    def _send(self, source: str, kind: str, instance: str, detail: Mapping[str, Any]) -> None:
        event = {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": kind,
            "source": source,
            "account": "123456789012",
            "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": REGION,
            "resources": [f"arn:aws:ec2:{REGION}:123456789012:instance/{instance}"],
            "detail": detail,
        }
        self._client.send_message(QueueUrl=self.url, MessageBody=json.dumps(event))

    def interrupt(self, instance: str) -> None:
        kind = "EC2 Spot Instance Interruption Warning"
        self.send(kind, instance, **{"instance-action": "terminate"})

    def terminate(self, instance: str) -> None:
        """As a group tells it whose hook waits for an answer."""
        detail = {
            "LifecycleActionToken": TOKEN,
            "AutoScalingGroupName": GROUP,
            "LifecycleHookName": HOOK,
            "EC2InstanceId": instance,
            "LifecycleTransition": TERMINATING,
        }
        self._send("aws.autoscaling", "EC2 Instance-terminate Lifecycle Action", instance, detail)

    def schedule(self, instance: str, date: datetime) -> None:
        """A reboot, as AWS Health tells it: to the second."""
        detail = {
            "eventArn": f"arn:aws:health:{REGION}::event/EC2/REBOOT/REBOOT_{uuid.uuid4().hex[:8]}",
            "service": "EC2",
            "eventTypeCategory": "scheduledChange",
            "eventTypeCode": "AWS_EC2_INSTANCE_REBOOT_MAINTENANCE_SCHEDULED",
            "statusCode": "upcoming",
            "startTime": format_datetime(date, usegmt=True),
            "affectedEntities": [{"entityValue": instance}],
        }
        self._send("aws.health", "AWS Health Event", instance, detail)

    @property
    def waiting(self) -> int:
        """Messages that nobody has acknowledged."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found: dict[str, Any] = self._client.get_queue_attributes(QueueUrl=self.url, AttributeNames=names)
        return sum(int(found["Attributes"][name]) for name in names)


@pytest.fixture
def queue(aws: str) -> SendingQueue:
    return SendingQueue(aws)


@pytest.fixture
def member(aws: str) -> Iterator[str]:
    """The instance of a group whose hook holds back its end for an hour."""
    groups = boto3.client("autoscaling", region_name=REGION, endpoint_url=aws)
    groups.create_launch_configuration(LaunchConfigurationName=GROUP, ImageId=IMAGE, InstanceType="t3.medium")
    groups.create_auto_scaling_group(
        AutoScalingGroupName=GROUP,
        LaunchConfigurationName=GROUP,
        MinSize=1,
        MaxSize=1,
        AvailabilityZones=[f"{REGION}a"],
    )
    groups.put_lifecycle_hook(
        AutoScalingGroupName=GROUP,
        LifecycleHookName=HOOK,
        LifecycleTransition=TERMINATING,
        HeartbeatTimeout=3600,
    )
    members = groups.describe_auto_scaling_instances()["AutoScalingInstances"]
    yield next(each["InstanceId"] for each in members if each["AutoScalingGroupName"] == GROUP)
    groups.delete_auto_scaling_group(AutoScalingGroupName=GROUP, ForceDelete=True)
    groups.delete_launch_configuration(LaunchConfigurationName=GROUP)


def notices(controller: Controller, result: str, kind: str = "spot-interruption") -> float:
    of = {"source": "sqs", "kind": kind, "result": result}
    return controller.metrics.registry.get_sample_value("madang_spot_notices_total", of) or 0


def records(portal: PlayedPortal, node: str) -> list[dict[str, Any]]:
    return [each for each in portal.records.values() if each["node"] == node]


def test_a_notice_of_the_queue(stage: Stage, portal: PlayedPortal, led: Led, queue: SendingQueue) -> None:
    doomed = stage.node("doomed")
    stage.deploy("blog")
    stage.node("spare")
    with led(**queue.settings), stage.watch("blog") as seen:
        queue.interrupt(stage.instances[doomed])
        stage.wait_clear(doomed)
        end(stage, portal, doomed)
        eventually(lambda: queue.waiting == 0)
    assert seen.least == 1


def test_the_same_notice_of_the_queue_and_of_the_node_five_times_each(
    stage: Stage, portal: PlayedPortal, led: Led, queue: SendingQueue
) -> None:
    doomed = stage.node("doomed")
    stage.deploy("blog")
    stage.node("spare")
    with led(**queue.settings), stage.watch("blog") as seen:
        for _ in range(5):
            queue.interrupt(stage.instances[doomed])
            stage.interrupt(doomed)
        eventually(lambda: queue.waiting == 0)
        eventually(lambda: set(stage.node_state(doomed).get("sources", ())) == {"sqs", "metadata"})
        stage.wait_clear(doomed)
        end(stage, portal, doomed)
    assert seen.least == 1
    assert len(records(portal, doomed)) == 1


def test_that_an_instance_shuts_down_is_news_enough(
    stage: Stage, portal: PlayedPortal, led: Led, queue: SendingQueue
) -> None:
    doomed = stage.node("doomed")
    stage.deploy("blog")
    spare = stage.node("spare")
    with led(**queue.settings):
        kind = "EC2 Instance State-change Notification"
        queue.send(kind, stage.instances[doomed], state="shutting-down")
        stage.wait_clear(doomed)
        stage.wait_serving("blog", 1)
        record = end(stage, portal, doomed)
    assert record["kind"] == "stopping"
    assert [pods.node(pod) for pod in stage.pods("blog")] == [spare]


@pytest.mark.parametrize("source", ["queue", "node"])
def test_a_group_that_ends_an_instance_waits_until_its_pods_have_left(
    stage: Stage, portal: PlayedPortal, led: Led, queue: SendingQueue, member: str, source: str
) -> None:
    doomed = stage.node("doomed", f"aws:///local-a/{member}")
    stage.instances[doomed] = member
    stage.deploy("blog")
    spare = stage.node("spare")
    stage.hold(spare)
    held = Waiting(GROUP, HOOK, member, TOKEN)
    with lifecycle_actions() as actions, led(**queue.settings), stage.watch("blog") as seen:
        actions.waiting.append(held)
        if source == "queue":
            queue.terminate(member)
        else:
            stage.terminate_by_group(doomed)
        stage.wait_detached("blog")
        eventually(lambda: held.heartbeats, "a heartbeat")
        assert held.result is None
        stage.release(spare)
        stage.wait_clear(doomed)
        eventually(lambda: held.result == "CONTINUE", "the group's leave to go on")
        record = end(stage, portal, doomed)
        eventually(lambda: queue.waiting == 0)
    assert seen.least == 1
    assert record["kind"] == "asg-terminate"


def test_what_an_operator_has_called_off_begins_nothing_anew_until_it_has_another_date(
    stage: Stage, portal: PlayedPortal, led: Led, queue: SendingQueue
) -> None:
    node = stage.node("safe")
    stage.deploy("blog")
    before = {pods.uid(pod) for pod in stage.pods("blog")}
    with led(**queue.settings, maintenance_lead_seconds=600) as controller, stage.watch("blog") as seen:
        date = stage.maintain(node, seconds=300)
        assert date is not None
        stage.wait_detached("blog")
        stage.call_off(node)
        stage.wait_nothing_left()
        queue.schedule(stage.instances[node], date)
        eventually(lambda: notices(controller, "over", "maintenance"))
        assert stage.node_state(node) == {} and stage.taints(node) == set()
        queue.schedule(stage.instances[node], date + timedelta(hours=5))
        eventually(lambda: stage.taints(node) == {names.AT_RISK})
        states = ["cancelled", "fenced"]
        eventually(lambda: sorted(each["state"] for each in records(portal, node)) == states)
        eventually(lambda: queue.waiting == 0)
    assert seen.least == 1
    assert {pods.uid(pod) for pod in stage.pods("blog")} == before


def test_of_an_instance_that_nobody_knows_nothing_comes(
    stage: Stage, led: Led, queue: SendingQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "PATIENCE", timedelta(seconds=3))
    node = stage.node("quiet")
    with led(**queue.settings) as controller:
        queue.interrupt("i-00000000000000000")
        eventually(lambda: queue.waiting == 0)
    # Again, if the queue gives it again before it has heard that it was acknowledged.
    assert notices(controller, "unknown-instance") >= 1
    assert stage.node_state(node) == {}
    assert not stage.left_behind()


def test_a_notice_waits_for_a_node_that_is_about_to_register(
    stage: Stage, portal: PlayedPortal, led: Led, queue: SendingQueue
) -> None:
    stage.node("spare")
    stage.deploy("blog")
    instance = f"i-{uuid.uuid4().hex[:17]}"
    with led(**queue.settings) as controller, stage.watch("blog") as seen:
        queue.interrupt(instance)
        waiting = "madang_spot_early_messages"
        eventually(lambda: controller.metrics.registry.get_sample_value(waiting) == 1)
        assert queue.waiting == 1
        doomed = stage.node("doomed", f"aws:///local-a/{instance}")
        eventually(lambda: stage.node_state(doomed).get("kind") == "spot-interruption")
        eventually(lambda: queue.waiting == 0)
        assert notices(controller, "fenced") == 1
        assert notices(controller, "unknown-instance") == 0
        end(stage, portal, doomed)
    assert seen.least == 1


def test_a_notice_waits_for_a_controller_that_is_not_there_yet(
    stage: Stage, portal: PlayedPortal, led: Led, queue: SendingQueue
) -> None:
    doomed = stage.node("doomed")
    stage.deploy("blog")
    stage.node("spare")
    queue.interrupt(stage.instances[doomed])
    with led(**queue.settings), stage.watch("blog") as seen:
        stage.wait_clear(doomed)
        end(stage, portal, doomed)
    assert seen.least == 1
