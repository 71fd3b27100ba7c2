"""What EC2 describes, as moto plays it."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from moto.ec2.models import ec2_backends
from prometheus_client import CollectorRegistry

from spot.cloud.aws import client as aws_client
from spot.cloud.ec2 import CHUNK, Ec2
from spot.errors import PermanentError, TemporaryError
from spot.interruption import Kind, Notice
from spot.sources.reconcile import Reconcile
from tests.integration.spot.sources.conftest import IMAGE, REGION

pytestmark = pytest.mark.xdist_group("sources")
PATIENCE_SECONDS = 300.0
STRANGER = "i-0fffffffffffffff1"
SOON = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)


@pytest.fixture(scope="session")
def api(aws: str) -> Any:
    return aws_client("ec2", REGION, aws)


@pytest.fixture
def ec2(api: Any) -> Ec2:
    return Ec2(api)


@pytest.fixture
def instances(api: Any) -> Iterator[list[str]]:
    """Four running ones."""
    started = api.run_instances(ImageId=IMAGE, MinCount=4, MaxCount=4)["Instances"]
    ids = [each["InstanceId"] for each in started]
    yield ids
    api.terminate_instances(InstanceIds=ids)


def reconcile(ec2: Ec2) -> Reconcile:
    return Reconcile(ec2, CollectorRegistry())


def schedule(instance_id: str, *descriptions: str) -> None:
    """moto schedules no events but writes those that its instance has."""
    instance = ec2_backends["123456789012"][REGION].get_instance(instance_id)
    instance.events = [
        {"InstanceEventId": f"e-{at}", "Code": "system-reboot", "Description": text, "NotBefore": SOON}
        for at, text in enumerate(descriptions)
    ]


def test_instances_that_run_say_nothing(ec2: Ec2, instances: list[str]) -> None:
    assert reconcile(ec2).read(instances) == ()


def test_each_state_on_the_way_out_is_a_notice(api: Any, ec2: Ec2, instances: list[str]) -> None:
    api.stop_instances(InstanceIds=[instances[0]])
    api.terminate_instances(InstanceIds=[instances[1]])
    told = {notice.instance_id: notice for notice in reconcile(ec2).read(instances)}
    assert set(told) == set(instances[:2])
    assert {notice.kind for notice in told.values()} == {Kind.STOPPING}
    assert all(notice.gone for notice in told.values())


def test_one_that_ec2_does_not_know_hides_no_other_and_is_gone_at_the_second_look(
    api: Any, ec2: Ec2, instances: list[str]
) -> None:
    api.terminate_instances(InstanceIds=[instances[0]])
    source = reconcile(ec2)
    asked = [STRANGER, *instances]
    assert {notice.instance_id for notice in source.read(asked)} == {instances[0]}
    again = {notice.instance_id: notice.gone for notice in source.read(asked)}
    assert again == {instances[0]: True, STRANGER: True}


def test_one_that_ec2_knows_after_all_was_never_gone(ec2: Ec2, instances: list[str]) -> None:
    source = reconcile(ec2)
    source.read([STRANGER, *instances])
    assert source.read(instances) == ()
    assert source.read([STRANGER, *instances]) == ()


def test_an_ec2_that_knows_none_of_them_is_the_wrong_one(ec2: Ec2) -> None:
    """A handler with another region's name must not take every node for gone."""
    source = reconcile(ec2)
    for _ in range(3):
        with pytest.raises(PermanentError, match="region"):
            source.read([STRANGER, "i-0fffffffffffffff2"])


def test_more_than_a_hundred_are_asked_for_in_parts(api: Any, ec2: Ec2, instances: list[str]) -> None:
    api.terminate_instances(InstanceIds=[instances[3]])
    strangers = [f"i-0000000000000{at:04x}" for at in range(CHUNK)]
    states = ec2.states([*strangers, *instances])
    assert states[instances[0]] == "running"
    assert states[instances[3]] == "terminated"
    assert all(states[each] is None for each in strangers)


def test_no_instances_ask_nothing(ec2: Ec2) -> None:
    assert reconcile(ec2).read([]) == ()


def test_a_scheduled_event_is_a_notice_until_it_is_over(ec2: Ec2, instances: list[str]) -> None:
    source = reconcile(ec2)
    schedule(instances[0], "The instance is scheduled for a reboot")
    (notice,) = source.read(instances)
    assert (notice.instance_id, notice.kind, notice.deadline) == (instances[0], Kind.MAINTENANCE, SOON)
    assert not notice.called_off
    # The same event at the next look is the same notice, not a younger one.
    assert source.read(instances) == (notice,)
    schedule(instances[0], "[Canceled] The instance is scheduled for a reboot")
    (notice,) = source.read(instances)
    assert notice.called_off


def test_following_goes_on_after_trouble(ec2: Ec2, instances: list[str], api: Any) -> None:
    api.terminate_instances(InstanceIds=[instances[0]])
    told: list[Notice] = []
    stopped = threading.Event()
    troubles = iter([TemporaryError("the API server is away"), RuntimeError("a bug")])

    def deliver(notices: Sequence[Notice]) -> None:
        if trouble := next(troubles, None):
            raise trouble
        told.extend(notices)
        stopped.set()

    registry = CollectorRegistry()
    follow = Reconcile(ec2, registry).follow
    thread = threading.Thread(target=follow, args=(lambda: instances, deliver, stopped, 0.1), daemon=True)
    thread.start()
    thread.join(PATIENCE_SECONDS)
    stopped.set()
    assert [notice.instance_id for notice in told] == [instances[0]]
    assert registry.get_sample_value("madang_spot_reconcile_failures_total") == 2
    assert registry.get_sample_value("madang_spot_reconcile_last_timestamp_seconds")
