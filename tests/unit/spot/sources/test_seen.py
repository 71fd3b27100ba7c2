"""What the agent remembers of one look when it takes the next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from spot.sources.seen import (
    MOST_EVENTS,
    InstanceAction,
    Lifecycle,
    Rebalance,
    ScheduledEvent,
    Seen,
    succeed,
)

INSTANCE = "i-1234567890abcdef0"
THEN = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
NOW = THEN + timedelta(seconds=30)
LATER = NOW + timedelta(seconds=30)
END = THEN + timedelta(minutes=2)


def event(name: str = "instance-event-1", seen_at: datetime = THEN, **more: object) -> ScheduledEvent:
    return ScheduledEvent.model_validate({"id": name, "code": "system-reboot", "seen_at": seen_at, **more})


def test_what_stays_the_same_was_seen_when_it_was_seen_first() -> None:
    before = Seen(
        instance_id=INSTANCE,
        spot=InstanceAction(action="terminate", time=END, seen_at=THEN),
        lifecycle=Lifecycle(state="Terminated", seen_at=THEN),
        maintenance=(event(),),
    )
    now = Seen(
        instance_id=INSTANCE,
        spot=InstanceAction(action="terminate", time=END, seen_at=NOW),
        lifecycle=Lifecycle(state="Terminated", seen_at=NOW),
        maintenance=(event(seen_at=NOW),),
    )
    assert succeed(before, now, NOW) == before


def test_a_new_time_of_the_end_is_seen_anew() -> None:
    before = Seen(instance_id=INSTANCE, spot=InstanceAction(action="stop", time=END, seen_at=THEN))
    now = Seen(instance_id=INSTANCE, spot=InstanceAction(action="stop", time=LATER, seen_at=NOW))
    assert succeed(before, now, NOW) == now


def test_a_rebalance_that_is_told_no_more_is_over_from_then_on() -> None:
    nothing = Seen(instance_id=INSTANCE)
    once = succeed(Seen(instance_id=INSTANCE, rebalance=Rebalance(time=THEN)), nothing, NOW)
    assert once.rebalance == Rebalance(time=THEN, over_at=NOW)
    assert succeed(once, nothing, LATER) == once


def test_a_rebalance_told_again_is_not_over() -> None:
    over = Seen(instance_id=INSTANCE, rebalance=Rebalance(time=THEN, over_at=NOW))
    again = Seen(instance_id=INSTANCE, rebalance=Rebalance(time=LATER))
    assert succeed(over, again, LATER) == again


def test_an_event_that_is_told_no_more_is_over() -> None:
    after = succeed(Seen(instance_id=INSTANCE, maintenance=(event(),)), Seen(instance_id=INSTANCE), NOW)
    assert after.maintenance == (event(over_at=NOW),)


def test_an_event_told_as_over_keeps_the_moment_at_which_that_was_seen_first() -> None:
    before = Seen(instance_id=INSTANCE, maintenance=(event(over_at=NOW),))
    now = Seen(instance_id=INSTANCE, maintenance=(event(seen_at=LATER, over_at=LATER),))
    assert succeed(before, now, LATER) == before


def test_an_event_that_stands_again_is_not_over_and_seen_anew() -> None:
    before = Seen(instance_id=INSTANCE, maintenance=(event(over_at=NOW),))
    now = Seen(instance_id=INSTANCE, maintenance=(event(seen_at=LATER),))
    assert succeed(before, now, LATER).maintenance == (event(seen_at=LATER),)


def test_only_what_has_been_over_for_longest_is_forgotten() -> None:
    over = tuple(event(f"old-{at:02}", over_at=THEN + timedelta(seconds=at)) for at in range(MOST_EVENTS))
    now = Seen(instance_id=INSTANCE, maintenance=(event("new"),))
    names = {each.id for each in succeed(Seen(instance_id=INSTANCE, maintenance=over), now, NOW).maintenance}
    assert len(names) == MOST_EVENTS
    assert "new" in names
    assert "old-00" not in names


def test_another_instance_in_the_nodes_place_inherits_nothing() -> None:
    before = Seen(instance_id="i-00000000000000000", rebalance=Rebalance(time=THEN))
    now = Seen(instance_id=INSTANCE)
    assert succeed(before, now, NOW) == now
