"""What an interruption means for its node now."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from spot.handoff.decision import decide
from spot.handoff.group import Timing
from spot.interruption import Interruption, Kind
from spot.plan import Plan, Policy, plan
from tests.unit.spot.handoff.objects import deployment, doomed, group, pod

THEN = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
POLICY = Policy()


def end(kind: Kind, deadline: datetime | None = None, gone: bool = False) -> Interruption:
    return Interruption("int-1", "i-1", kind, THEN, deadline, ("sqs",), gone=gone)


def test_a_rebalance_moves_nothing_by_default_and_is_over_after_its_hold() -> None:
    until = THEN + 30 * MINUTE
    assert plan(end(Kind.REBALANCE), POLICY, THEN) == Plan(False, until + 2 * MINUTE, over=False)
    assert plan(end(Kind.REBALANCE), POLICY, until).over


def test_a_rebalance_moves_if_the_operator_wants_it() -> None:
    assert plan(end(Kind.REBALANCE), Policy(move_at_rebalance=True), THEN).moves


def test_a_rebalance_is_over_before_the_last_pod_that_serves_would_have_to_go() -> None:
    policy = Policy(move_at_rebalance=True)
    raw = pod("old", detached=True, spec={"terminationGracePeriodSeconds": 3600})
    old = doomed(raw, detached=True, grace=60 * MINUTE, group=group(deployment(), [raw]))
    at = THEN
    while not (now := plan(end(Kind.REBALANCE), policy, at)).over:
        assert decide(old, now.deadline, Timing(), at) is None
        at += MINUTE / 12


def test_a_maintenance_is_acted_on_its_lead_before_it_begins() -> None:
    begins = THEN + 60 * MINUTE
    assert not plan(end(Kind.MAINTENANCE, begins), POLICY, begins - 16 * MINUTE).moves
    assert plan(end(Kind.MAINTENANCE, begins), POLICY, begins - 15 * MINUTE).moves


def test_a_maintenance_whose_date_has_passed_when_it_is_told_leaves_the_time_of_a_spot_notice() -> None:
    for begins in (THEN, THEN - timedelta(days=1)):
        assert plan(end(Kind.MAINTENANCE, begins), POLICY, THEN) == Plan(True, THEN + 2 * MINUTE)
    soon = THEN + MINUTE / 2
    assert plan(end(Kind.MAINTENANCE, soon), POLICY, THEN) == Plan(True, soon)


def test_a_maintenance_without_a_date_is_acted_on_once_it_has_one() -> None:
    for at in (THEN, THEN + 15 * MINUTE, THEN + timedelta(days=30)):
        assert plan(end(Kind.MAINTENANCE), POLICY, at) == Plan(False, None)


@pytest.mark.parametrize(
    ("kind", "lasts"),
    [
        (Kind.SPOT_INTERRUPTION, 2 * MINUTE),
        (Kind.ASG_TERMINATE, 2 * MINUTE),
        (Kind.STOPPING, timedelta(seconds=20)),
    ],
)
def test_what_ends_moves_at_once_until_its_end_or_what_is_usual(kind: Kind, lasts: timedelta) -> None:
    assert plan(end(kind), POLICY, THEN) == Plan(True, THEN + lasts)
    assert plan(end(kind, THEN + MINUTE), POLICY, THEN) == Plan(True, THEN + MINUTE)


@pytest.mark.parametrize("kind", [Kind.SPOT_INTERRUPTION, Kind.ASG_TERMINATE, Kind.STOPPING])
def test_a_node_long_past_its_end_serves_again_unless_the_cloud_has_ended_it(kind: Kind) -> None:
    overdue = THEN + MINUTE + POLICY.overdue
    assert not plan(end(kind, THEN + MINUTE), POLICY, overdue - MINUTE / 60).over
    assert plan(end(kind, THEN + MINUTE), POLICY, overdue).over
    assert not plan(end(kind, THEN + MINUTE, gone=True), POLICY, overdue).over
