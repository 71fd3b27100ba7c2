"""A blocking reader of an app's log, seen from the event loop."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from portal.api import logs

from deployer.errors import TemporaryError
from tests.integration.portal.scene import trouble

Stop = Callable[[], bool]


async def test_lines_come_as_they_are_written_and_the_end_ends() -> None:
    def read(stop: Stop) -> Iterator[dict[str, Any]]:
        for number in range(2000):
            yield {"text": str(number)}

    assert [each["text"] async for each in logs._events(read)] == [str(n) for n in range(2000)]


async def test_a_reader_stops_once_nobody_listens() -> None:
    stopped = threading.Event()

    def read(stop: Stop) -> Iterator[dict[str, Any]]:
        try:
            while not stop():
                yield {"text": "again"}
        finally:
            stopped.set()

    events = logs._events(read)
    assert (await anext(events))["text"] == "again"
    await events.aclose()  # type: ignore[attr-defined]
    assert stopped.wait(60)


async def test_a_cluster_that_does_not_answer_is_told_in_the_stream() -> None:
    def read(stop: Stop) -> Iterator[dict[str, Any]]:
        yield {"text": "first"}
        raise trouble(TemporaryError)

    events = [each async for each in logs._events(read)]
    assert events[0] == {"text": "first"}
    assert events[1]["error"]["reason"] == "it-broke"


async def test_a_silent_log_sends_heartbeats(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "HEARTBEAT_SECONDS", 0.01)

    def read(stop: Stop) -> Iterator[dict[str, Any]]:
        while not stop():
            threading.Event().wait(0.01)
        yield from ()

    events = logs._events(read)
    assert await anext(events) == {"heartbeat": True}
    await events.aclose()  # type: ignore[attr-defined]


async def test_readers_are_limited_and_their_places_come_free_again() -> None:
    def read(stop: Stop) -> Iterator[dict[str, Any]]:
        yield {"text": "here"}
        while not stop():
            threading.Event().wait(0.01)

    open_ones = [logs._events(read) for _ in range(logs.MOST_READERS)]
    for each in open_ones:
        assert await anext(each) == {"text": "here"}
    refused = [each async for each in logs._events(read)]
    assert refused[0]["error"]["reason"] == "too-many-readers"
    for each in open_ones:
        await each.aclose()  # type: ignore[attr-defined]
    for _ in range(logs.MOST_READERS):
        assert logs._readers.acquire(timeout=60)
    for _ in range(logs.MOST_READERS):
        logs._readers.release()
