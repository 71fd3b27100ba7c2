"""Requests under way: each thing once, what is urgent first, a failed one again after its pause."""

from __future__ import annotations

import heapq
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from spot.controller import work as module
from spot.controller.work import FIRST, LAST, WORKERS, Work
from spot.errors import Conflict, PermanentError, TemporaryError

PATIENCE_SECONDS = 300
# A rest that is not over while a test looks, however slowly it does.
LONG_SECONDS = 3600.0


@pytest.fixture
def work() -> Iterator[Work]:
    work = Work()
    yield work
    work.stop()


def until(look: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not look():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def again(work: Work, do: Callable[[], None]) -> bool:
    return work.submit(("Detach", "u"), do, rest_seconds=LONG_SECONDS)


def test_what_runs_or_has_just_been_done_is_not_begun_again(work: Work) -> None:
    going = threading.Event()
    assert again(work, lambda: bool(going.wait(PATIENCE_SECONDS)) and None)
    assert not again(work, lambda: None)
    going.set()
    until(lambda: work.idle)
    assert not again(work, lambda: None)
    assert work.submit(("Detach", "another"), lambda: None)


@pytest.mark.parametrize("error", [Conflict("changed"), TemporaryError("busy")])
def test_what_failed_for_the_moment_is_soon_begun_again(work: Work, error: Exception) -> None:
    def fail() -> None:
        raise error

    assert again(work, fail)
    until(lambda: again(work, lambda: None))


@pytest.mark.parametrize("error", [PermanentError("no"), RuntimeError("a bug")])
def test_what_cannot_succeed_rests_and_harms_nothing_else(
    work: Work, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PERMANENT_SECONDS", LONG_SECONDS)

    def fail() -> None:
        raise error

    assert again(work, fail)
    until(lambda: work.idle)
    assert not again(work, lambda: None)
    done = threading.Event()
    work.submit(("Evict", "u"), done.set)
    assert done.wait(PATIENCE_SECONDS)


def test_what_is_urgent_overtakes_what_waits(work: Work) -> None:
    gate = threading.Event()
    for number in range(WORKERS):
        work.submit(("Busy", str(number)), lambda: bool(gate.wait(PATIENCE_SECONDS)) and None)
    until(lambda: not work._waiting)
    for what, urgency in (("record", LAST), ("several", (1, 5)), ("sole", (1, 1)), ("fence", FIRST)):
        work.submit((what, "u"), lambda: None, urgency=urgency)
    waiting = [heapq.heappop(each)[2][0][0] for each in [list(work._waiting)] for _ in range(4)]
    assert waiting == ["fence", "sole", "several", "record"]
    gate.set()
    until(lambda: work.idle)


def test_once_stopped_nothing_begins_and_what_runs_is_waited_for() -> None:
    work, going, ended = Work(), threading.Event(), threading.Event()

    def slow() -> None:
        going.set()
        time.sleep(0.05)
        ended.set()

    work.submit(("Detach", "u"), slow)
    assert going.wait(PATIENCE_SECONDS)
    work.stop()
    assert ended.is_set()
    assert not work.submit(("Detach", "another"), lambda: None)


def test_what_waited_for_its_turn_until_another_leads_is_not_begun() -> None:
    leads, done = [True], list[str]()
    work = Work(lambda: leads[0])
    assert work.submit(("Detach", "u"), lambda: done.append("first"))
    until(lambda: work.idle)
    leads[0] = False
    assert work.submit(("Detach", "v"), lambda: done.append("second"))
    until(lambda: work.idle)
    work.stop()
    assert done == ["first"]
