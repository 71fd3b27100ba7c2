"""Which record goes next, and how long one waits after trouble."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from spot.pending import FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, REFUSED_PAUSE_SECONDS, Pending


def record(name: str, revision: int = 1) -> dict[str, Any]:
    return {"id": name, "revision": revision, "pods": []}


def longest(failures: int, first_seconds: float, longest_seconds: float) -> float:
    return float(min(longest_seconds, first_seconds * 2 ** (failures - 1)))


def test_interruptions_go_in_the_order_in_which_they_came() -> None:
    pending = Pending()
    for name in ("a", "b", "a"):
        pending.put(record(name, 2 if len(pending) == 2 else 1), 0)
    first = pending.next(0)
    assert first == record("a", 2)
    pending.delivered(first)
    assert pending.next(0) == record("b")


def test_only_the_newest_record_of_an_interruption_waits() -> None:
    pending = Pending()
    assert pending.put(record("a", 2), 0)
    assert not pending.put(record("a", 1), 0)
    assert not pending.put(record("a", 2), 0)
    assert pending.put(record("a", 3), 0)
    assert pending.all() == [record("a", 3)]


def test_a_later_revision_that_came_during_the_try_is_sent_too() -> None:
    pending = Pending()
    pending.put(record("a", 1), 0)
    pending.put(record("a", 2), 0)
    pending.delivered(record("a", 1))
    assert pending.next(0) == record("a", 2)
    pending.delivered(record("a", 2))
    assert (len(pending), pending.wait_seconds(0)) == (0, None)


def test_one_that_fails_does_not_hold_up_the_others() -> None:
    pending = Pending(longest)
    pending.put(record("a"), 0)
    pending.put(record("b"), 0)
    pending.failed(record("a"), 0, refused=False)
    assert pending.next(0) == record("b")
    assert pending.next(FIRST_PAUSE_SECONDS) == record("a")


def test_pauses_grow_to_a_minute_and_news_does_not_shorten_them() -> None:
    pending = Pending(longest)
    pending.put(record("a", 1), 0)
    waits = [pending.failed(record("a", 1), 0, refused=False) for _ in range(9)]
    assert waits == [1, 2, 4, 8, 16, 32, LONGEST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS]
    pending.put(record("a", 2), 0)
    assert pending.next(LONGEST_PAUSE_SECONDS - 1) is None


def test_a_refused_one_waits_long_but_its_next_revision_is_tried_at_once() -> None:
    pending = Pending(longest)
    pending.put(record("a", 1), 0)
    assert pending.failed(record("a", 1), 0, refused=True) == REFUSED_PAUSE_SECONDS
    assert pending.next(REFUSED_PAUSE_SECONDS - 1) is None
    pending.put(record("a", 2), 0)
    assert pending.next(0) == record("a", 2)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["put", "deliver", "fail", "refuse"]), st.sampled_from("abc"), st.integers(1, 6)
    )
)


@given(STEPS)
def test_the_newest_revision_put_in_is_the_last_that_goes_out(steps: list[tuple[str, str, int]]) -> None:
    pending, newest, sent, now = Pending(), dict[str, int](), dict[str, int](), 0.0
    for what, name, revision in steps:
        now += 1
        if what == "put" and revision > newest.get(name, 0):
            pending.put(record(name, revision), now)
            newest[name] = revision
        elif found := pending.next(now):
            if what == "deliver":
                sent[str(found["id"])] = int(found["revision"])
                pending.delivered(found)
            else:
                pending.failed(found, now, refused=what == "refuse")
    for waiting in pending.all():
        sent[str(waiting["id"])] = int(waiting["revision"])
        pending.delivered(waiting)
    assert sent == newest
    assert len(pending) == 0
