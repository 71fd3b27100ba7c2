"""Each message that AWS documents says what it should, in each of its wrappings."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from spot.interruption import Kind, LifecycleHook, Notice
from spot.messages import Reading, read
from tests.unit.spot.messages import shapes
from tests.unit.spot.messages.shapes import INSTANCE, OTHER, RECEIVED, Shape

HAPPENED = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)


def said(shape: Shape) -> Reading:
    reading = read(json.dumps(shape), RECEIVED)
    assert not reading.problem
    return reading


def the_notice(shape: Shape) -> Notice:
    (notice,) = said(shape).notices
    return notice


@pytest.mark.parametrize("action", ["terminate", "stop"])
def test_a_spot_interruption_leaves_two_minutes_from_its_time(action: str) -> None:
    assert said(shapes.interruption(action)) == Reading(
        (
            Notice(
                instance_id=INSTANCE,
                kind=Kind.SPOT_INTERRUPTION,
                source="sqs",
                noticed_at=HAPPENED,
                deadline=HAPPENED + timedelta(minutes=2),
                detail=action,
            ),
        ),
        "spot-interruption",
    )


def test_hibernation_begins_with_its_notice() -> None:
    assert the_notice(shapes.interruption("hibernate")).deadline == HAPPENED


def test_a_rebalance_recommendation_has_no_deadline() -> None:
    assert said(shapes.rebalance()) == Reading(
        (Notice(INSTANCE, Kind.REBALANCE, "sqs", HAPPENED),), "rebalance"
    )


@pytest.mark.parametrize(
    ("state", "gone"),
    [("stopping", False), ("shutting-down", False), ("stopped", True), ("terminated", True)],
)
def test_a_state_on_the_way_out_is_a_notice(state: str, gone: bool) -> None:
    notice = the_notice(shapes.state_change(state))
    assert (notice.kind, notice.gone, notice.detail) == (Kind.STOPPING, gone, state)
    assert notice.deadline == HAPPENED


@pytest.mark.parametrize("state", ["pending", "running"])
def test_a_state_on_the_way_in_says_nothing(state: str) -> None:
    assert said(shapes.state_change(state)) == Reading((), "state-change")


def test_a_scheduled_change_is_a_notice_for_each_instance_until_its_start() -> None:
    one, other = said(shapes.health(INSTANCE, OTHER)).notices
    assert (one.instance_id, other.instance_id) == (INSTANCE, OTHER)
    assert one.kind is other.kind is Kind.MAINTENANCE
    assert one.deadline == datetime(2026, 12, 2, 5, 30, tzinfo=UTC)
    assert one.detail == "AWS_EC2_INSTANCE_REBOOT_MAINTENANCE_SCHEDULED"
    assert one.event == "AWS_EC2_INSTANCE_REBOOT_MAINTENANCE_SCHEDULED_90353408594353980"
    assert not one.called_off and not one.undated


@pytest.mark.parametrize("begins", [None, "", "soon"])
def test_a_scheduled_change_without_a_start_is_undated(begins: object) -> None:
    notice = the_notice(shapes.health(INSTANCE, startTime=begins))
    assert (notice.deadline, notice.undated) == (None, True)


@pytest.mark.parametrize(
    "arn", [None, 5, "", "arn", "arn:aws:health:x::event/EC2/" + "x" * 200, "arn:a/b/c d"]
)
def test_an_event_whose_name_is_none_is_still_told(arn: object) -> None:
    assert the_notice(shapes.health(INSTANCE, eventArn=arn)).event == ""


def test_an_instance_named_twice_is_one_notice() -> None:
    assert len(said(shapes.health(INSTANCE, INSTANCE)).notices) == 1


def test_an_issue_has_no_deadline_for_its_start_is_past() -> None:
    notice = the_notice(shapes.health(INSTANCE, eventTypeCategory="issue", statusCode="open"))
    assert (notice.kind, notice.deadline, notice.undated) == (Kind.MAINTENANCE, None, False)


def test_a_closed_event_calls_its_notices_off() -> None:
    assert all(
        notice.called_off for notice in said(shapes.health(INSTANCE, OTHER, statusCode="closed")).notices
    )


def test_an_open_event_calls_off_only_the_instances_for_which_it_is_resolved() -> None:
    shape = shapes.health(INSTANCE, OTHER)
    shape["detail"]["affectedEntities"][0]["status"] = "RESOLVED"
    one, other = said(shape).notices
    assert (one.called_off, other.called_off) == (True, False)


def test_other_resources_beside_an_instance_are_passed_over() -> None:
    assert the_notice(shapes.health("vol-0123456789abcdef0", INSTANCE)).instance_id == INSTANCE


@pytest.mark.parametrize(
    "change",
    [
        {"service": "EBS"},
        {"eventTypeCategory": "accountNotification"},
        {"eventTypeCategory": "investigation"},
        {"affectedEntities": []},
    ],
)
def test_health_events_that_are_not_about_instances_say_nothing(change: Shape) -> None:
    assert said(shapes.health(INSTANCE, **change)) == Reading((), "health")


def test_a_health_event_without_entities_says_nothing() -> None:
    shape = shapes.health()
    del shape["detail"]["affectedEntities"]
    assert said(shape) == Reading((), "health")


def test_a_groups_termination_carries_its_hook_and_leaves_the_deadline_open() -> None:
    assert said(shapes.lifecycle()) == Reading(
        (
            Notice(
                instance_id=INSTANCE,
                kind=Kind.ASG_TERMINATE,
                source="sqs",
                noticed_at=HAPPENED,
                detail="my-asg",
                hook=LifecycleHook("my-asg", "my-lifecycle-hook", "87654321-4321-4321-4321-210987654321"),
            ),
        ),
        "lifecycle-action",
    )


def test_a_groups_own_message_says_the_same_without_an_envelope() -> None:
    notice = the_notice(shapes.lifecycle_direct())
    assert notice.hook == LifecycleHook("my-asg", "my-hook", "71514b9d-6a40-4b26-8523-05e7ee35fa40")
    assert notice.noticed_at == HAPPENED.replace(microsecond=948000)


def test_a_hook_without_a_token_can_still_be_answered() -> None:
    shape = shapes.lifecycle()
    del shape["detail"]["LifecycleActionToken"]
    assert the_notice(shape).hook == LifecycleHook("my-asg", "my-lifecycle-hook", "")


def test_a_groups_trial_of_its_queue_says_nothing() -> None:
    assert said(shapes.trial_notification()) == Reading((), "test")


@pytest.mark.parametrize(
    "shape",
    [
        shapes.eventbridge(
            "aws.autoscaling", "EC2 Instance-launch Lifecycle Action", {"EC2InstanceId": INSTANCE}
        ),
        shapes.lifecycle_direct(LifecycleTransition="autoscaling:EC2_INSTANCE_LAUNCHING"),
        shapes.eventbridge("aws.ec2", "EC2 Fleet State Change", {"instance-id": INSTANCE}),
        shapes.interruption(source="my.own"),
        {"Type": "SubscriptionConfirmation", "TopicArn": "arn", "Message": "You have chosen to subscribe"},
        {},
    ],
)
def test_what_is_not_ours_says_nothing(shape: Shape) -> None:
    assert said(shape) == Reading((), "noop")


@pytest.mark.parametrize(
    "shape",
    [shapes.interruption(), shapes.rebalance(), shapes.health(INSTANCE, OTHER), shapes.lifecycle_direct()],
)
def test_through_sns_a_message_says_the_same(shape: Shape) -> None:
    assert said(shapes.sns(shape)) == said(shape)


def test_sns_is_unwrapped_once() -> None:
    assert said(shapes.sns(shapes.sns(shapes.interruption()))).notices == ()


def test_ids_of_old_accounts_are_good() -> None:
    assert the_notice(shapes.rebalance(shapes.OLD)).instance_id == shapes.OLD


@pytest.mark.parametrize("time", [None, "", "soon", 5, "2026-11-25T04:00:00Z", "9999-12-31T23:59:59-23:59"])
def test_a_message_whose_time_is_none_or_not_yet_counts_from_its_arrival(time: object) -> None:
    notice = the_notice(shapes.interruption(time=time))
    assert (notice.noticed_at, notice.deadline) == (RECEIVED, RECEIVED + timedelta(minutes=2))


def test_a_clock_that_is_a_little_ahead_is_believed() -> None:
    notice = the_notice(shapes.interruption(time="2026-11-25T03:00:09Z"))
    assert notice.noticed_at == RECEIVED + timedelta(seconds=4)


@pytest.mark.parametrize(
    ("shape", "kind", "where"),
    [
        (shapes.interruption(instance="i-xyz"), "spot-interruption", "instance-id"),
        (shapes.interruption("explode"), "spot-interruption", "instance-action"),
        (shapes.rebalance(["i-1234567890abcdef0"]), "rebalance", "instance-id"),
        (shapes.state_change("melted"), "state-change", "state"),
        (shapes.health(INSTANCE, affectedEntities={"entityValue": INSTANCE}), "health", "affectedEntities"),
        (shapes.lifecycle(AutoScalingGroupName="a:b"), "lifecycle-action", "AutoScalingGroupName"),
        (shapes.lifecycle(LifecycleHookName=""), "lifecycle-action", "LifecycleHookName"),
        (shapes.lifecycle(LifecycleActionToken="x"), "lifecycle-action", "LifecycleActionToken"),
    ],
)
def test_a_wrong_form_is_told_by_its_place_and_without_its_words(shape: Shape, kind: str, where: str) -> None:
    reading = read(json.dumps(shape), RECEIVED)
    assert (reading.notices, reading.kind) == ((), kind)
    assert reading.problem.startswith(where)
    assert "xyz" not in reading.problem


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ('{"a": NaN}', "not JSON"),
        ("1" * 5000, "not JSON"),
        ("[" * 100_000, "nested too deeply"),
        ('{"a":' * 100_000, "nested too deeply"),
        ("[]", "not a JSON object"),
        ("null", "not a JSON object"),
        (json.dumps(shapes.sns("plain words")), "not JSON"),
        (json.dumps({**shapes.sns(""), "Message": {}}), "not text"),
    ],
)
def test_what_is_no_message_is_told_as_unreadable(body: str, problem: str) -> None:
    reading = read(body, RECEIVED)
    assert (reading.notices, reading.kind) == ((), "unreadable")
    assert problem in reading.problem
