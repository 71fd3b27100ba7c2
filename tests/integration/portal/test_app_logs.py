"""A blocking reader of an app's log, seen from the event loop."""

from __future__ import annotations

import threading
from collections.abc import AsyncGenerator, Callable, Iterator

import pytest
from portal.api import logs
from portal.projects import applogs
from portal.projects.applogs import Silence, Trouble

from deployer.errors import TemporaryError
from deployer.rollout import AppLine
from tests.integration.portal.scene import at, trouble

Stop = Callable[[], bool]
CLUB = "robots"


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """No heartbeat comes between, and who read in the last test has given its place back."""
    monkeypatch.setattr(applogs, "HEARTBEAT_SECONDS", 3600.0)
    wait_for_every_place()


def wait_for_every_place() -> None:
    for _ in range(applogs.MOST_READERS):
        assert applogs._readers.acquire(timeout=300)
    for _ in range(applogs.MOST_READERS):
        applogs._readers.release()


def line(text: str) -> AppLine:
    return AppLine(at(0), "site-a", text)


def texts(events: list[AppLine | Silence | Trouble]) -> list[str]:
    return [each.text for each in events if isinstance(each, AppLine)]


async def test_lines_come_as_they_are_written_and_the_end_ends() -> None:
    def read(stop: Stop) -> Iterator[AppLine]:
        for number in range(2000):
            yield line(str(number))

    assert texts([each async for each in applogs.events(read, CLUB)]) == [str(n) for n in range(2000)]


async def test_a_reader_stops_once_nobody_listens() -> None:
    stopped = threading.Event()

    def read(stop: Stop) -> Iterator[AppLine]:
        try:
            while not stop():
                yield line("again")
        finally:
            stopped.set()

    events = applogs.events(read, CLUB)
    assert await anext(events) == line("again")
    await events.aclose()
    assert stopped.wait(300)


async def test_a_cluster_that_does_not_answer_is_told_in_the_stream() -> None:
    def read(stop: Stop) -> Iterator[AppLine]:
        yield line("first")
        raise trouble(TemporaryError)

    events = [each async for each in applogs.events(read, CLUB)]
    assert events[0] == line("first")
    assert isinstance(events[1], Trouble)
    assert events[1].explanation.reason == "it-broke"


async def test_a_silent_log_sends_heartbeats(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(applogs, "HEARTBEAT_SECONDS", 0.01)

    def read(stop: Stop) -> Iterator[AppLine]:
        while not stop():
            threading.Event().wait(0.01)
        yield from ()

    events = applogs.events(read, CLUB)
    assert await anext(events) == Silence()
    await events.aclose()


async def refused(read: Callable[[Stop], Iterator[AppLine]], club: str) -> None:
    found = [each async for each in applogs.events(read, club)]
    assert isinstance(found[0], Trouble)
    assert found[0].explanation.reason == "too-many-readers"


async def test_readers_are_limited_and_their_places_come_free_again() -> None:
    def read(stop: Stop) -> Iterator[AppLine]:
        yield line("here")
        while not stop():
            threading.Event().wait(0.01)

    clubs = ["loud"] * applogs.MOST_OF_A_CLUB
    clubs += ["quiet"] * (applogs.MOST_READERS - applogs.MOST_OF_A_CLUB)
    open_ones = [applogs.events(read, club) for club in clubs]
    for each in open_ones:
        assert await anext(each) == line("here")
    await refused(read, "quiet")
    await open_ones.pop().aclose()
    # There is room again, but not for the club that has its share.
    assert applogs._readers.acquire(timeout=300)
    applogs._readers.release()
    await refused(read, "loud")
    for each in open_ones:
        await each.aclose()
    wait_for_every_place()


async def test_who_follows_by_the_api_comes_again_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    stopped = threading.Event()

    def read(stop: Stop) -> Iterator[AppLine]:
        while not stop():
            yield line("again")
        stopped.set()

    class Endless:
        def lines(self, *, follow: bool, tail: int) -> AsyncGenerator[object]:
            return applogs.events(read, CLUB)

    monkeypatch.setattr(logs, "LIFE_SECONDS", -1.0)
    found = [each async for each in logs._events(Endless(), True, 10, None, "en")]  # type: ignore[arg-type]
    assert [each["text"] for each in found] == ["again"]
    assert stopped.wait(300)
