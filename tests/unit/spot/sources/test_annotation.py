"""What a Node's annotation says to the controller."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spot.interruption import Kind, Notice, begin, calls_off
from spot.sources.annotation import LARGEST_CHARACTERS, decode, encode, notices
from spot.sources.seen import InstanceAction, Lifecycle, Rebalance, ScheduledEvent, Seen

INSTANCE = "i-1234567890abcdef0"
THEN = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
NOW = THEN + timedelta(seconds=30)
END = THEN + timedelta(minutes=2)


def told(**what: Any) -> tuple[Notice, ...]:
    return notices(encode(Seen(instance_id=INSTANCE, **what)), "spot-1", NOW)


def test_the_same_sight_is_the_same_text_and_comes_back_whole() -> None:
    seen = Seen(
        instance_id=INSTANCE,
        spot=InstanceAction(action="terminate", time=END, seen_at=THEN),
        rebalance=Rebalance(time=THEN, over_at=NOW),
        maintenance=(ScheduledEvent(id="e", code="system-reboot", not_before=END, seen_at=THEN),),
        lifecycle=Lifecycle(state="InService", seen_at=THEN),
    )
    assert decode(encode(seen)) == seen
    assert encode(seen) == encode(seen.model_copy())
    assert len(encode(seen)) < 1000


def test_a_quiet_instance_says_nothing() -> None:
    assert told(lifecycle=Lifecycle(state="InService", seen_at=THEN)) == ()


def test_a_spot_interruption_speaks_for_its_node_until_its_time() -> None:
    assert told(spot=InstanceAction(action="stop", time=END, seen_at=THEN)) == (
        Notice(
            instance_id=INSTANCE,
            kind=Kind.SPOT_INTERRUPTION,
            source="metadata",
            noticed_at=THEN,
            deadline=END,
            detail="stop",
            node="spot-1",
        ),
    )


def test_hibernation_has_begun_when_it_is_seen() -> None:
    (notice,) = told(spot=InstanceAction(action="hibernate", time=END, seen_at=THEN))
    assert notice.deadline == THEN


def test_a_notice_without_a_readable_time_is_one_without_a_deadline() -> None:
    (notice,) = told(spot=InstanceAction(action="terminate", seen_at=THEN))
    assert notice.deadline is None


@pytest.mark.parametrize("state", ["Terminated", "Warmed:Stopped"])
def test_a_group_that_wants_the_instance_to_leave_is_a_notice(state: str) -> None:
    (notice,) = told(lifecycle=Lifecycle(state=state, seen_at=THEN))
    assert (notice.kind, notice.deadline, notice.hook) == (Kind.ASG_TERMINATE, None, None)


def test_of_several_events_the_next_one_is_told() -> None:
    far = ScheduledEvent(id="a", code="instance-retirement", not_before=END + timedelta(days=9), seen_at=THEN)
    near = ScheduledEvent(id="b", code="system-reboot", not_before=END, seen_at=THEN)
    (notice,) = told(maintenance=(far, near))
    assert (notice.kind, notice.deadline, notice.detail) == (Kind.MAINTENANCE, END, "system-reboot")
    assert not notice.called_off


def test_an_event_without_a_date_is_undated_unless_another_has_one() -> None:
    undated = ScheduledEvent(id="a", code="instance-stop", seen_at=THEN)
    (notice,) = told(maintenance=(undated,))
    assert (notice.deadline, notice.undated, notice.detail) == (None, True, "instance-stop")
    dated = ScheduledEvent(id="b", code="system-reboot", not_before=END, seen_at=THEN)
    (notice,) = told(maintenance=(undated, dated))
    assert (notice.deadline, notice.undated, notice.detail) == (END, False, "system-reboot")


def test_one_event_that_still_stands_outweighs_all_that_are_over() -> None:
    over = ScheduledEvent(id="a", code="system-reboot", seen_at=THEN, over_at=NOW)
    stands = ScheduledEvent(id="b", code="instance-stop", not_before=END, seen_at=THEN)
    assert [notice.called_off for notice in told(maintenance=(over, stands))] == [False]


def test_what_is_over_calls_off_the_interruption_that_it_had_begun() -> None:
    event = ScheduledEvent(id="a", code="system-reboot", not_before=END, seen_at=THEN)
    for kind, before, after in [
        ("rebalance", Rebalance(time=THEN), Rebalance(time=THEN, over_at=NOW)),
        ("maintenance", (event,), (event.model_copy(update={"over_at": NOW}),)),
    ]:
        (notice,), (taken_back,) = told(**{kind: before}), told(**{kind: after})
        assert calls_off(begin(notice), taken_back)
        assert not calls_off(begin(notice), notice)


def test_nothing_is_noticed_later_than_it_is_read() -> None:
    """A node whose clock is ahead does not make its notices younger than they are."""
    ahead = NOW + timedelta(hours=1)
    assert [notice.noticed_at for notice in told(rebalance=Rebalance(time=ahead))] == [NOW]


GOOD = encode(Seen(instance_id=INSTANCE, rebalance=Rebalance(time=THEN)))


@pytest.mark.parametrize(
    "annotation",
    [
        "", "{", "null", "[]", "7", '{"instance_id": "node-1"}', '{"instance_id": ["i-1234567890abcdef0"]}',
        GOOD.replace("03:00", "99:00"), GOOD.replace(INSTANCE, INSTANCE + "\\n"), GOOD[:-1],
        GOOD + " " * LARGEST_CHARACTERS,
        GOOD.replace('"rebalance":{', '"spot":{"action":"a b"},"rebalance":{'),
        "[" * 10_000, "\ud800", None, b"{}", 5,
    ],
)  # fmt: skip
def test_an_annotation_that_no_agent_wrote_says_nothing(annotation: str) -> None:
    assert decode(annotation) is None
    assert notices(annotation, "spot-1", NOW) == ()


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from([INSTANCE, "terminate"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
PARTS = ("spot", "rebalance", "maintenance", "lifecycle")


@settings(
    max_examples=500, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
@given(st.text() | JSON.map(json.dumps) | st.dictionaries(st.sampled_from(PARTS), JSON).map(
    lambda parts: json.dumps({"instance_id": INSTANCE, **parts})))  # fmt: skip
def test_no_annotation_raises_or_speaks_for_an_instance_that_it_does_not_name(annotation: str) -> None:
    for notice in notices(annotation, "spot-1", NOW):
        assert (notice.instance_id, notice.node) == (json.loads(annotation)["instance_id"], "spot-1")
