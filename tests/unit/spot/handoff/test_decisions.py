"""The next step of one pod, in every situation that it may be in."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from spot.handoff.decision import Detach, Evict, Mark, Unserve, decide, is_last_moment, is_late
from spot.handoff.scene import Doomed
from spot.handoff.way import Way
from tests.unit.spot.handoff.objects import NOW, SECOND, TIMING, deployment, doomed, group, pod

DEADLINE = NOW + timedelta(minutes=2)
OLD = pod("old", detached=True)
ALONE = group(deployment(), [OLD])
REPLACED = group(deployment(), [OLD, pod("new", "spare")])
DETACHED = doomed(OLD, detached=True, group=ALONE)
ATTACHED = replace(DETACHED, detached=False)
UNSERVED = replace(DETACHED, unserved_at=NOW, listed=False, unserve=(), group=REPLACED)


def at(one: Doomed, left: float, **more: Any) -> Any:
    """What is decided `left` seconds before the node's end."""
    return decide(replace(one, **more), DEADLINE, TIMING, DEADLINE - timedelta(seconds=left))


def test_a_pod_that_goes_already_or_belongs_to_the_node_is_left() -> None:
    assert at(DETACHED, 60, going=True) is None
    assert at(DETACHED, 0, way=Way.LEAVE) is None


def test_first_it_is_detached_however_late() -> None:
    for left in (120, 20, 1, -60):
        assert isinstance(at(ATTACHED, left), Detach)


def test_it_serves_until_its_replacement_does() -> None:
    assert at(DETACHED, 60) is None
    assert isinstance(at(DETACHED, 60, group=REPLACED), Unserve)


def test_one_that_is_surplus_serves_until_its_controllers_know_that_it_is_detached() -> None:
    # Scaled down in the moment of its detaching: the ReplicaSet may be about to end the other one.
    detached_at = DEADLINE - 60 * SECOND
    assert at(DETACHED, 59.1, group=REPLACED, detached_at=detached_at) is None
    assert isinstance(at(DETACHED, 59, group=REPLACED, detached_at=detached_at), Unserve)


def test_the_last_that_serves_goes_only_at_the_last_moment_and_then_whatever_holds_it() -> None:
    assert at(DETACHED, 15.1) is None
    assert isinstance(at(DETACHED, 15), Unserve)
    unserved = replace(DETACHED, unserved_at=DEADLINE - 15 * SECOND, listed=False, unserve=())
    assert at(unserved, 12.1) is None
    last = at(unserved, 12)
    assert isinstance(last, Evict) and last.insist
    assert last.grace == TIMING.last_grace
    assert isinstance(at(unserved, 12, listed=True), Evict)


def test_whom_no_visitor_is_sent_to_goes_at_the_last_moment_itself() -> None:
    last = at(DETACHED, 15, unserve=(), listed=False)
    assert isinstance(last, Evict) and last.insist
    assert (last.grace, last.reason) == (13 * SECOND, "replacement-late")
    blocked = at(DETACHED, 15, unserve=(), listed=False, group=replace(ALONE, blocked="quota"))
    assert blocked.reason == "quota"


def test_with_no_time_left_it_goes_in_whatever_way() -> None:
    assert isinstance(at(DETACHED, 7.1), Unserve)
    hindered = at(DETACHED, 7)
    assert isinstance(hindered, Evict) and hindered.insist
    assert hindered.grace == TIMING.last_grace / 2
    just_now = replace(DETACHED, unserved_at=DEADLINE - 3 * SECOND, listed=False, unserve=())
    assert at(just_now, 2.1) is None
    assert isinstance(at(just_now, 2), Evict)


def test_a_data_plane_that_needs_longer_has_it_before_the_last_word() -> None:
    slow = replace(TIMING, unserve=10 * SECOND)
    assert decide(DETACHED, DEADLINE, slow, DEADLINE - 22.1 * SECOND) is None
    assert isinstance(decide(DETACHED, DEADLINE, slow, DEADLINE - 22 * SECOND), Unserve)
    unserved = replace(DETACHED, unserved_at=DEADLINE - 22 * SECOND, listed=False, unserve=())
    assert decide(unserved, DEADLINE, slow, DEADLINE - 12.1 * SECOND) is None
    last = decide(unserved, DEADLINE, slow, DEADLINE - 12 * SECOND)
    assert isinstance(last, Evict) and last.grace == TIMING.last_grace


def test_a_short_grace_lets_it_serve_longer() -> None:
    assert at(DETACHED, 8.1, grace=3 * SECOND) is None
    assert isinstance(at(DETACHED, 8, grace=3 * SECOND), Unserve)
    assert is_last_moment(replace(DETACHED, grace=3 * SECOND), DEADLINE, TIMING, DEADLINE - 8 * SECOND)


def test_an_endless_grace_makes_nobody_late_from_the_start() -> None:
    endless = replace(DETACHED, grace=timedelta(hours=1))
    assert not is_late(endless, DEADLINE, TIMING, DEADLINE - 66 * SECOND)
    assert is_late(endless, DEADLINE, TIMING, DEADLINE - 65 * SECOND)


def test_past_the_end_it_has_a_second_for_its_last_word() -> None:
    assert at(DETACHED, -60).grace == SECOND


def test_what_nobody_visits_need_not_be_unserved() -> None:
    gone = at(DETACHED, 60, group=REPLACED, unserve=(), listed=False)
    assert gone == Evict(gone.pod, None, False, "")


def test_an_unserved_pod_lingers_with_its_requests() -> None:
    def later(seconds: float, **more: Any) -> Any:
        one = replace(UNSERVED, **more)
        return decide(one, NOW + timedelta(minutes=10), TIMING, NOW + timedelta(seconds=seconds))

    assert later(59.9) is None
    assert isinstance(later(60), Evict) and later(60).grace is None and not later(60).insist
    assert later(60, listed=True) is None


def test_late_it_lingers_no_more_but_still_is_unserved_first() -> None:
    assert at(UNSERVED, 35, unserved_at=DEADLINE - 37 * SECOND) is None
    late = at(UNSERVED, 34, unserved_at=DEADLINE - 37 * SECOND)
    assert isinstance(late, Evict) and late.insist
    assert at(UNSERVED, 2, unserved_at=DEADLINE - 3 * SECOND, listed=True) is not None


def test_an_unready_pod_waits_for_its_replacement_as_it_may_yet_serve() -> None:
    assert at(DETACHED, 60, ready=False) is None
    ended = replace(DETACHED, ready=False, runs=False)
    assert at(ended, 60, group=REPLACED) == Evict(replace(ended, group=REPLACED), None, False, "not-ready")
    assert isinstance(at(DETACHED, 15, ready=False), Evict)


def test_one_that_is_too_busy_for_its_probe_lingers_with_its_requests_as_others_do() -> None:
    busy = replace(DETACHED, ready=False, group=REPLACED)
    assert isinstance(at(busy, 60), Unserve)
    assert at(replace(busy, unserved_at=DEADLINE - 60 * SECOND, listed=False, unserve=()), 50) is None
    assert isinstance(at(busy, 35), Evict)
    assert isinstance(at(busy, 60, unserve=(), listed=False), Evict)


def test_without_its_deployment_it_is_evicted() -> None:
    assert at(DETACHED, 60, group=None).reason == "unmanaged"


@pytest.mark.parametrize(("left", "insist"), [(120, False), (35.1, False), (35, True), (-1, True)])
def test_what_is_not_handed_off_goes_at_once_and_late_despite_budgets(left: float, insist: bool) -> None:
    evicted = at(ATTACHED, left, way=Way.EVICT, reason="recreate", group=None)
    assert isinstance(evicted, Evict)
    assert (evicted.reason, evicted.insist) == ("recreate", insist)


def test_what_must_go_has_no_more_grace_than_there_is_time() -> None:
    one = replace(ATTACHED, way=Way.EVICT, grace=120 * SECOND)
    assert at(one, 100).grace is None
    assert at(one, 60).grace == 58 * SECOND


BUILD = replace(ATTACHED, way=Way.BUILD, reason="build", group=None)


def test_a_build_that_waits_starts_elsewhere_at_once() -> None:
    assert at(BUILD, 120, started=False) == Evict(
        replace(BUILD, started=False), None, False, "node-reclaimed"
    )


def test_a_build_that_runs_is_told_until_when_once() -> None:
    assert at(BUILD, 120) == Mark(BUILD, DEADLINE)
    assert at(BUILD, 120, marked_until=DEADLINE) is None
    assert isinstance(at(BUILD, 120, marked_until=DEADLINE + 20 * SECOND), Mark)


def test_a_build_that_still_runs_at_the_margin_begins_anew() -> None:
    assert at(BUILD, 30.1, marked_until=DEADLINE) is None
    assert isinstance(at(BUILD, 30, marked_until=DEADLINE), Evict)
    assert not at(BUILD, 30).insist and at(BUILD, 5).insist


def test_late_is_when_the_grace_would_not_fit_any_more() -> None:
    assert not is_late(DETACHED, DEADLINE, TIMING, DEADLINE - 35.1 * SECOND)
    assert is_late(DETACHED, DEADLINE, TIMING, DEADLINE - 35 * SECOND)


def test_the_groups_of_these_tests_are_what_they_are_called() -> None:
    assert not ALONE.whole and REPLACED.whole
