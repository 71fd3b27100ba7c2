"""Several notices of one instance's end are one interruption: graver only, sooner only.

Only a maintenance is when its source says last.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spot.interruption import (
    Kind,
    LifecycleHook,
    Notice,
    begin,
    calls_off,
    ended,
    identity,
    is_old,
    is_put_off,
    merge,
)

THEN = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
SOON, LATER = THEN + timedelta(minutes=2), THEN + timedelta(minutes=10)


def notice(kind: Kind = Kind.SPOT_INTERRUPTION, deadline: datetime | None = SOON, **more: object) -> Notice:
    return replace(Notice("i-1", kind, "sqs", THEN, deadline), **more)  # type: ignore[arg-type]


def test_kinds_are_named_from_the_least_grave_to_the_gravest() -> None:
    assert sorted(Kind, key=lambda kind: kind.severity) == [
        Kind.REBALANCE,
        Kind.MAINTENANCE,
        Kind.ASG_TERMINATE,
        Kind.SPOT_INTERRUPTION,
        Kind.STOPPING,
    ]


def test_the_same_notice_again_is_the_same_interruption() -> None:
    known = begin(notice())
    assert merge(known, notice()) is known
    assert merge(known, notice(noticed_at=LATER, deadline=LATER)) is known


def test_another_source_is_remembered_and_changes_nothing_else() -> None:
    both = merge(begin(notice()), notice(source="metadata"))
    assert both == replace(begin(notice()), sources=("sqs", "metadata"))


def test_what_is_graver_stands_and_what_is_less_grave_does_not_soften_it() -> None:
    graver = merge(begin(notice(Kind.REBALANCE, None)), notice(detail="terminate"))
    assert (graver.kind, graver.detail, graver.deadline) == (Kind.SPOT_INTERRUPTION, "terminate", SOON)
    assert merge(graver, notice(Kind.REBALANCE, None)) is graver


def test_a_sooner_end_counts_and_a_later_one_does_not() -> None:
    known = begin(notice(deadline=LATER))
    assert merge(known, notice(deadline=SOON)).deadline == SOON
    assert merge(begin(notice()), notice(deadline=LATER)).deadline == SOON
    assert merge(begin(notice(deadline=None)), notice()).deadline == SOON


def test_after_a_maintenance_the_graver_notice_knows_the_end_even_if_later() -> None:
    assert merge(begin(notice(Kind.MAINTENANCE, SOON)), notice(deadline=LATER)).deadline == LATER
    assert merge(begin(notice(Kind.MAINTENANCE, SOON)), notice(deadline=None)).deadline == SOON


def maintenance(date: datetime | None, **more: object) -> Notice:
    return notice(Kind.MAINTENANCE, date, undated=date is None, **more)


def test_a_maintenance_is_when_its_source_says_last() -> None:
    known = begin(maintenance(SOON))
    put_off = merge(known, maintenance(LATER))
    assert (put_off.deadline, put_off.id) == (LATER, known.id)
    assert is_put_off(known, put_off) and not is_put_off(put_off, known)
    assert merge(put_off, maintenance(SOON)).deadline == SOON
    unsettled = merge(known, maintenance(None))
    assert unsettled.deadline is None
    assert is_put_off(known, unsettled) and not is_put_off(unsettled, known)


def test_of_several_sources_the_soonest_date_counts_and_each_puts_off_its_own_only() -> None:
    both = merge(begin(maintenance(SOON)), maintenance(LATER, source="ec2"))
    assert both.deadline == SOON
    assert merge(both, maintenance(LATER)).deadline == LATER
    assert merge(both, maintenance(None)).deadline == LATER
    assert merge(both, maintenance(None, source="ec2")).deadline == SOON


def test_what_a_queue_gives_late_does_not_stand_over_what_was_said_after_it() -> None:
    known = merge(begin(maintenance(SOON, event="a")), maintenance(LATER, event="a", noticed_at=SOON))
    assert known.deadline == LATER
    assert merge(known, maintenance(SOON, event="a")) is known


def test_of_several_events_of_a_source_one_may_be_called_off_and_the_last_ends_it() -> None:
    two = merge(begin(maintenance(SOON, event="a")), maintenance(LATER, event="b"))
    off = maintenance(SOON, event="a", called_off=True)
    assert two.deadline == SOON and not calls_off(two, off)
    one = merge(two, off)
    assert one.deadline == LATER
    last = maintenance(LATER, event="b", called_off=True)
    assert calls_off(one, last) and merge(one, last) is one


def test_what_is_graver_is_put_off_by_no_maintenance() -> None:
    graver = merge(begin(maintenance(SOON)), notice())
    assert merge(graver, maintenance(LATER)) is graver
    assert not is_put_off(graver, merge(graver, maintenance(None)))


def test_every_hook_is_kept_once_and_so_is_the_end_itself() -> None:
    hook = LifecycleHook("group", "hook", "token")
    known = merge(begin(notice()), notice(Kind.ASG_TERMINATE, None, hook=hook))
    assert (known.hooks, known.kind) == ((hook,), Kind.SPOT_INTERRUPTION)
    gone = merge(known, notice(Kind.STOPPING, THEN, gone=True))
    assert gone.gone and merge(gone, notice(hook=replace(hook, token="another"))) is gone
    other = replace(hook, hook="logs")
    assert merge(gone, notice(hook=other)).hooks == (hook, other)


@pytest.mark.parametrize(
    ("known", "said", "off"),
    [
        (Kind.REBALANCE, Kind.REBALANCE, True),
        (Kind.MAINTENANCE, Kind.MAINTENANCE, True),
        (Kind.SPOT_INTERRUPTION, Kind.REBALANCE, False),
        (Kind.SPOT_INTERRUPTION, Kind.SPOT_INTERRUPTION, False),
        (Kind.STOPPING, Kind.STOPPING, False),
        (Kind.MAINTENANCE, Kind.REBALANCE, False),
    ],
)
def test_only_what_may_be_called_off_is_and_only_by_its_own_kind(known: Kind, said: Kind, off: bool) -> None:
    assert calls_off(begin(notice(known)), notice(said, called_off=True)) is off
    assert not calls_off(begin(notice(known)), notice(said))


def test_a_source_takes_back_only_what_it_has_told() -> None:
    # What a controller that has just begun to lead reads of an event that was over long ago.
    old = notice(Kind.MAINTENANCE, source="ec2", noticed_at=LATER, called_off=True)
    trouble = begin(notice(Kind.MAINTENANCE))
    assert not calls_off(trouble, old)
    assert calls_off(merge(trouble, replace(old, called_off=False)), old)


def test_an_identity_is_a_label_value_of_the_instance_and_the_moment() -> None:
    name = identity("i-1", THEN)
    assert name == identity("i-1", THEN) != identity("i-2", THEN)
    assert name != identity("i-1", THEN + timedelta(milliseconds=1))
    assert len(name) <= 63 and name.replace("-", "").isalnum()


NOTICES = st.builds(
    notice,
    st.sampled_from(Kind),
    st.none() | st.integers(0, 600).map(lambda seconds: THEN + timedelta(seconds=seconds)),
    source=st.sampled_from(["sqs", "metadata", "ec2"]),
    event=st.sampled_from(["", "a", "b"]),
    gone=st.booleans(),
)


@given(st.lists(NOTICES, min_size=1, max_size=8))
def test_severity_only_rises_and_a_grave_deadline_only_shrinks(several: list[Notice]) -> None:
    known = begin(several[0])
    for each in several[1:]:
        after = merge(known, each)
        assert after.kind.severity >= known.kind.severity
        if known.deadline and not known.kind.may_be_called_off:
            assert after.deadline is not None and after.deadline <= known.deadline
        assert (after.id, after.noticed_at) == (known.id, known.noticed_at)
        assert merge(after, each) is after
        known = after


@given(NOTICES, st.sampled_from(["", "sqs", "ec2"]), st.integers(0, 600))
def test_what_has_ended_is_old_if_it_is_told_again_but_not_that_the_cloud_has_done_it(
    said: Notice, by: str, seconds: int
) -> None:
    known = begin(said)
    past = ended(known, THEN + timedelta(seconds=seconds), by if by in ("", said.source) else "")
    assert is_old(said, past) is not said.gone


@given(NOTICES, NOTICES)
def test_what_is_graver_than_what_has_ended_is_never_old(first: Notice, then: Notice) -> None:
    if then.kind.severity > first.kind.severity:
        assert not is_old(then, ended(begin(first), LATER, ""))


def test_a_source_that_takes_back_a_maintenance_says_nothing_of_a_rebalance() -> None:
    both = merge(begin(notice(Kind.REBALANCE, None)), maintenance(LATER))
    before = notice(Kind.REBALANCE, None)
    assert not is_old(before, ended(both, LATER, "sqs"))
    assert is_old(before, ended(both, LATER, ""))


def test_what_a_queue_said_before_its_last_word_is_old_whatever_its_date() -> None:
    known = merge(begin(maintenance(SOON, event="a")), maintenance(LATER, event="a", noticed_at=SOON))
    past = ended(known, LATER, "")
    assert is_old(maintenance(SOON, event="a"), past)
    assert not is_old(maintenance(SOON, event="b"), past)
    assert not is_old(maintenance(SOON, event="a", noticed_at=LATER), past)
