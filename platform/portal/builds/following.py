"""Following log streams from an event loop: any number of readers, one look at the database for all.

No reader holds a thread: the hub asks a few times a second how far the watched streams are, and a reader
whose stream has grown reads its new lines in one of a few shared threads.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from django.db import Error

from portal.builds.models import LogEntry, LogStream, StreamState
from portal.builds.selectors import entries, queue
from portal.threads import database

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.3
HEARTBEAT_SECONDS = 10.0
_BATCH = 500


@dataclass(frozen=True)
class Glimpse:
    """How far a stream is; `before` counts the builds that wait before its own, None: it does not wait."""

    last_sequence: int
    state: str
    before: int | None


@dataclass(frozen=True)
class Heartbeat:
    """Nothing new, but the connection lives. `before` as in Glimpse; `away_seconds` is how long ago the
    database answered."""

    before: int | None
    away_seconds: float


@dataclass(frozen=True)
class End:
    """How a stream ended."""

    state: str
    exit_code: int


async def follow(
    stream_id: int, after: int, heartbeat_seconds: float = HEARTBEAT_SECONDS
) -> AsyncGenerator[Sequence[LogEntry] | Heartbeat | End]:
    """The entries behind `after` as they come, heartbeats while there are none, at last the end.

    A database that is away ends nothing: it is asked again, and heartbeats tell for how long.
    """
    hub = _hub()
    async with hub.watching(stream_id):
        while True:
            glimpse = await hub.next(stream_id, after, heartbeat_seconds)
            if glimpse is None:
                yield hub.heartbeat(stream_id)
                continue
            while after < glimpse.last_sequence:
                try:
                    found = await database(entries, stream_id, after, _BATCH)
                except Error:
                    logger.warning("a log stream not read, tried again", exc_info=True)
                    break
                if not found:
                    break
                yield found
                after = found[-1].sequence
            if after < glimpse.last_sequence:
                await asyncio.sleep(heartbeat_seconds)
                yield hub.heartbeat(stream_id)
            elif glimpse.state != StreamState.OPEN:
                yield End(glimpse.state, LogStream(state=glimpse.state).exit_code)
                return


class Hub:
    """Knows how far each watched stream is; one for an event loop."""

    def __init__(self) -> None:
        self._watched: Counter[int] = Counter()
        self._glimpses: dict[int, Glimpse] = {}
        self._changed = asyncio.Condition()
        self._poller: asyncio.Task[None] | None = None
        self._answered = time.monotonic()

    def watching(self, stream_id: int) -> _Watching:
        return _Watching(self, stream_id)

    async def next(self, stream_id: int, after: int, patience_seconds: float) -> Glimpse | None:
        """Waits until the stream has ended or grown beyond `after`; None if that takes too long."""

        def news() -> bool:
            glimpse = self._glimpses.get(stream_id)
            return glimpse is not None and (
                glimpse.last_sequence > after or glimpse.state != StreamState.OPEN
            )

        async with self._changed:
            try:
                await asyncio.wait_for(self._changed.wait_for(news), patience_seconds)
            except TimeoutError:
                return None
            return self._glimpses[stream_id]

    def heartbeat(self, stream_id: int) -> Heartbeat:
        glimpse = self._glimpses.get(stream_id)
        return Heartbeat(glimpse.before if glimpse else None, time.monotonic() - self._answered)

    def enter(self, stream_id: int) -> None:
        self._watched[stream_id] += 1
        if self._poller is None or self._poller.done():
            self._answered = time.monotonic()
            self._poller = asyncio.create_task(self._poll(), name="log-streams")

    def leave(self, stream_id: int) -> None:
        self._watched[stream_id] -= 1
        if self._watched[stream_id] <= 0:
            del self._watched[stream_id]
            self._glimpses.pop(stream_id, None)

    async def _poll(self) -> None:
        while self._watched:
            ids = list(self._watched)
            try:
                found = await database(_look, ids)
                self._answered = time.monotonic()
            except Error:
                logger.warning("log streams not read, tried again", exc_info=True)
                found = {}
            async with self._changed:
                self._glimpses.update({key: seen for key, seen in found.items() if key in self._watched})
                self._changed.notify_all()
            await asyncio.sleep(POLL_SECONDS)


class _Watching:
    def __init__(self, hub: Hub, stream_id: int) -> None:
        self._hub = hub
        self._stream_id = stream_id

    async def __aenter__(self) -> None:
        self._hub.enter(self._stream_id)

    async def __aexit__(self, *_: object) -> None:
        self._hub.leave(self._stream_id)


def _look(ids: list[int]) -> dict[int, Glimpse]:
    places = {stream_id: place for place, stream_id in enumerate(queue())}
    rows = LogStream.objects.filter(pk__in=ids).values_list("pk", "last_sequence", "state")
    return {pk: Glimpse(last_sequence, state, places.get(pk)) for pk, last_sequence, state in rows}


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def _hub() -> Hub:
    return _hubs.setdefault(asyncio.get_running_loop(), Hub())
