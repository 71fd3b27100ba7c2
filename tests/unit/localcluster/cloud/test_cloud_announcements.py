"""What may be announced for an instance, and what a second announcement changes."""

from datetime import datetime, timedelta

import pytest

from localcluster.cloud.announcements import (
    Refused,
    announce_reclaim,
    announce_termination,
    call_off,
    recommend_rebalance,
    schedule_maintenance,
)
from localcluster.cloud.lifecycle import ended, shutting_down
from localcluster.cloud.record import Action, Cause, CloudInstance, EventCode, EventState

EVENT = "instance-event-0123456789abcdef0"


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
