from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from madang.backoff import pause_seconds
from madang.following import End, Entry, follow
from madang.problem import Problem
from madang.tailing import Line, tail

END = {"end": {"state": "succeeded", "exit_code": 0}}


def entry(sequence: int) -> dict[str, Any]:
    return {"sequence": sequence, "at": "2026-03-02T09:00:00Z", "kind": "build", "text": f"line {sequence}"}


class Portal:
    """A stream of `total` lines whose connection is cut at the given places."""

    def __init__(self, total: int, cuts: list[int]) -> None:
        self.total, self.cuts, self.asked = total, cuts, list[int]()

    @contextmanager
    def open(self, after: int) -> Iterator[Iterator[dict[str, Any]]]:
        self.asked.append(after)
        yield self._events(after)

    def _events(self, after: int) -> Iterator[dict[str, Any]]:
        cut = self.cuts.pop(0) if self.cuts else None
        for count, sequence in enumerate(range(after + 1, self.total + 1)):
            if count == cut:
                raise httpx.ReadError("cut")
            yield entry(sequence)
            yield {"heartbeat": True}
        if cut is not None:
            raise httpx.ReadError("cut before the end")
        yield END


class Watcher:
    def __init__(self) -> None:
        self.seen, self.losses, self.returns = list[Entry](), 0, 0
        self.whys = list[str]()

    def entry(self, entry: Entry) -> None:
        self.seen.append(entry)

    def waits(self, why: str) -> None:
        self.whys.append(why)

    def lost(self, reason: str, wait_seconds: float) -> None:
        self.losses += 1

    def back(self) -> None:
        self.returns += 1


@given(st.integers(0, 30), st.integers(0, 30), st.lists(st.integers(0, 10), max_size=8))
def test_every_line_is_shown_once_and_in_order_wherever_the_connection_is_cut(
    total: int, start: int, cuts: list[int]
) -> None:
    portal, watcher = Portal(total, list(cuts)), Watcher()
    end = follow(portal.open, watcher, after=start, pause=lambda _: None)
    assert end == End("succeeded", 0)
    assert [each.sequence for each in watcher.seen] == list(range(start + 1, total + 1))
    assert watcher.losses == len(cuts)


def test_a_server_that_repeats_lines_does_not_make_them_shown_again() -> None:
    @contextmanager
    def opening(after: int) -> Iterator[Iterator[dict[str, Any]]]:
        yield iter([entry(1), entry(2), entry(2), entry(3), END])

    watcher = Watcher()
    follow(opening, watcher, after=1, pause=lambda _: None)
    assert [each.sequence for each in watcher.seen] == [2, 3]


def test_a_portal_that_stays_away_is_given_up_with_the_command_to_resume() -> None:
    @contextmanager
    def opening(after: int) -> Iterator[Iterator[dict[str, Any]]]:
        raise httpx.ConnectError("refused")
        yield

    waited = list[float]()
    with pytest.raises(Problem) as given_up:
        follow(opening, Watcher(), pause=waited.append, give_up_seconds=60)
    assert 60 <= sum(waited) < 90
    assert "madang attach" in given_up.value.next


def test_pauses_double_up_to_a_quarter_of_a_minute() -> None:
    longest = [pause_seconds(attempt, spread=1.0) for attempt in range(8)]
    assert longest == [0.5, 1, 2, 4, 8, 15, 15, 15]
    assert pause_seconds(3, spread=0.0) == 2


def test_log_lines_are_shown_once_over_a_lost_connection() -> None:
    lines = [{"at": f"2026-03-02T09:00:0{n}Z", "pod": "a", "text": f"{n}"} for n in range(5)]
    asked = list[str | None]()

    @contextmanager
    def opening(count: int, since: str | None) -> Iterator[Iterator[dict[str, Any]]]:
        asked.append(since)
        if since is None:
            yield iter(lines[:3])
        elif len(asked) == 2:
            yield iter(lines[1:])
        else:
            raise Problem("the project was deleted")

    shown = list[Line]()
    with pytest.raises(Problem, match="deleted"):
        tail(opening, shown.append, lambda *_: None, count=9, follow=True, pause=lambda _: None)
    assert [line.text for line in shown] == ["0", "1", "2", "3", "4"]
    assert asked == [None, lines[2]["at"], lines[4]["at"]]


def test_why_a_build_waits_is_told() -> None:
    watcher = Watcher()
    events = [{"heartbeat": True, "waiting": "2 builds of other clubs are before yours."}, entry(1), END]

    @contextmanager
    def opening(after: int) -> Iterator[Iterator[dict[str, Any]]]:
        yield iter(events)

    follow(opening, watcher)
    assert watcher.whys == ["2 builds of other clubs are before yours."]
