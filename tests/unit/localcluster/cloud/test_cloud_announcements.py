"""What may be announced for an instance, and what a second announcement changes."""

from datetime import datetime, timedelta

import pytest

from localcluster.cloud.announcements import (
    EVENTS_KEPT,
    Refused,
    announce_reclaim,
    announce_termination,
    call_off,
    put_off_maintenance,
    recommend_rebalance,
    schedule_maintenance,
)
from localcluster.cloud.lifecycle import ended, shutting_down
from localcluster.cloud.record import Action, Cause, CloudInstance, EventCode, EventState

EVENT = "instance-event-0123456789abcdef0"
OTHER = "instance-event-0123456789abcdef1"
REBOOT, RETIREMENT = EventCode.SYSTEM_REBOOT, EventCode.INSTANCE_RETIREMENT


def test_a_reclaim_ends_the_instance_when_its_notice_is_over(running: CloudInstance, now: datetime) -> None:
    notice = announce_reclaim(running, now, 120, Action.HIBERNATE).notice
    assert notice is not None
    assert (notice.cause, notice.action) == (Cause.SPOT, Action.HIBERNATE)
    assert notice.deadline == now + timedelta(seconds=120)


def test_two_reclaims_of_one_node_are_one(running: CloudInstance, now: datetime) -> None:
    once = announce_reclaim(running, now, 120)
    assert announce_reclaim(once, now + timedelta(seconds=5), 120) == once
    assert announce_reclaim(once, now, 500) == once


def test_a_deadline_only_comes_nearer(running: CloudInstance, now: datetime) -> None:
    twice = announce_reclaim(announce_reclaim(running, now, 120), now + timedelta(seconds=5), 10)
    assert twice.notice is not None
    assert twice.notice.announced_at == now
    assert twice.notice.deadline == now + timedelta(seconds=15)


def test_a_reclaim_of_a_node_that_is_being_replaced_changes_nothing(
    running: CloudInstance, now: datetime
) -> None:
    for leaving in (shutting_down(running), ended(running, now)):
        assert announce_reclaim(leaving, now, 0) == leaving


def test_the_spot_market_never_takes_an_on_demand_node(on_demand: CloudInstance, now: datetime) -> None:
    with pytest.raises(Refused, match="ondemand-1 is an on-demand node"):
        announce_reclaim(on_demand, now, 120)
    with pytest.raises(Refused, match="on-demand"):
        recommend_rebalance(on_demand, now)


def test_an_auto_scaling_group_may_take_out_any_node(on_demand: CloudInstance, now: datetime) -> None:
    notice = announce_termination(on_demand, now, 30).notice
    assert notice is not None
    assert notice.cause is Cause.AUTO_SCALING


def test_the_first_time_of_a_rebalance_recommendation_stands(running: CloudInstance, now: datetime) -> None:
    once = recommend_rebalance(running, now)
    assert recommend_rebalance(once, now + timedelta(seconds=60)).rebalance_at == now


def test_nothing_is_recommended_or_scheduled_for_a_node_that_is_being_replaced(
    running: CloudInstance, now: datetime
) -> None:
    for leaving in (shutting_down(running), ended(running, now)):
        with pytest.raises(Refused, match="spot-1 is being replaced"):
            recommend_rebalance(leaving, now)
        with pytest.raises(Refused, match="spot-1 is being replaced"):
            schedule_maintenance(leaving, now, EVENT, REBOOT, 600)
        with pytest.raises(Refused, match="spot-1 is being replaced"):
            put_off_maintenance(leaving, now, 600)


def test_two_events_of_one_code_are_one_and_its_date_only_comes_nearer(
    running: CloudInstance, now: datetime
) -> None:
    once = schedule_maintenance(running, now, EVENT, REBOOT, 600)
    assert schedule_maintenance(once, now, OTHER, REBOOT, 900) == once
    (event,) = schedule_maintenance(once, now, OTHER, REBOOT, 300).scheduled
    assert (event.event_id, event.not_before) == (EVENT, now + timedelta(seconds=300))
    both = schedule_maintenance(once, now, OTHER, RETIREMENT, 300)
    assert [each.code for each in both.scheduled] == [RETIREMENT, REBOOT]


def test_a_maintenance_that_is_put_off_is_the_same_event_at_a_later_date(
    running: CloudInstance, now: datetime
) -> None:
    once = schedule_maintenance(running, now, EVENT, REBOOT, 600)
    (before,) = once.scheduled
    later = now + timedelta(seconds=60)
    (event,) = put_off_maintenance(once, later, 7200).scheduled
    assert (event.event_id, event.code) == (EVENT, REBOOT)
    assert event.not_before == later + timedelta(seconds=7200)
    assert event.not_after - event.not_before == before.not_after - before.not_before
    assert put_off_maintenance(once, now, 600) == once


def test_a_date_that_is_no_later_one_is_no_putting_off(running: CloudInstance, now: datetime) -> None:
    once = schedule_maintenance(running, now, EVENT, REBOOT, 600)
    with pytest.raises(Refused, match="is in 600 s: 599 s would not put it off"):
        put_off_maintenance(once, now, 599)


def test_what_is_not_scheduled_cannot_be_put_off(running: CloudInstance, now: datetime) -> None:
    over = call_off(schedule_maintenance(running, now, EVENT, REBOOT, 600))
    for instance in (running, over):
        with pytest.raises(Refused, match=r"spot-1 has no maintenance scheduled.*\.venv/bin/python -m"):
            put_off_maintenance(instance, now, 900)
    with pytest.raises(Refused, match="spot-1 has no instance-stop scheduled"):
        put_off_maintenance(
            schedule_maintenance(running, now, EVENT, REBOOT, 60), now, 900, EventCode.INSTANCE_STOP
        )


def test_of_several_events_the_one_to_put_off_is_named(running: CloudInstance, now: datetime) -> None:
    both = schedule_maintenance(running, now, EVENT, REBOOT, 600)
    both = schedule_maintenance(both, now, OTHER, RETIREMENT, 300)
    with pytest.raises(Refused, match=r"events: instance-retirement, system-reboot\. Say which"):
        put_off_maintenance(both, now, 900)
    dates = {each.code: each.not_before for each in put_off_maintenance(both, now, 900, RETIREMENT).scheduled}
    assert dates == {REBOOT: now + timedelta(seconds=600), RETIREMENT: now + timedelta(seconds=900)}


def test_of_events_that_are_over_the_newest_stay(running: CloudInstance, now: datetime) -> None:
    ids = [f"instance-event-{number:017x}" for number in range(EVENTS_KEPT + 3)]
    for each in ids:
        running = call_off(schedule_maintenance(running, now, each, REBOOT, 600))
    planned = schedule_maintenance(running, now, EVENT, REBOOT, 600)
    assert [event.event_id for event in planned.maintenance] == [*ids[3:], EVENT]


def test_calling_off_takes_back_the_notice_the_recommendation_and_active_events(
    running: CloudInstance, now: datetime
) -> None:
    announced = recommend_rebalance(announce_reclaim(running, now, 120), now)
    announced = schedule_maintenance(announced, now, EVENT, EventCode.SYSTEM_REBOOT, 600)
    calm = call_off(announced)
    assert calm.notice is None
    assert calm.rebalance_at is None
    assert [event.state for event in calm.maintenance] == [EventState.CANCELED]
    assert calm.instance_id == running.instance_id


def test_it_is_too_late_to_call_off_what_has_begun(running: CloudInstance) -> None:
    with pytest.raises(Refused, match="too late"):
        call_off(shutting_down(running))
