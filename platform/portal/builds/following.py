"""Following log streams from an event loop: any number of readers, one look at the database for all.

No reader holds a thread: the hub asks a few times a second how far the watched streams are, and wakes those
whose stream has grown. Readers that stand at the same line share one batch, read and put into bytes once.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable, Iterable
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from django.db import Error

from portal.builds.models import BuildState, LogEntry, LogStream, StreamState
from portal.builds.places import Place
from portal.builds.selectors import entries, waiting_with_reasons
from portal.releases.models import RolloutState
from portal.releases.turns import Wait, waits
from portal.threads import database

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.3
HEARTBEAT_SECONDS = 10.0
_BATCH = 500
# Of a stream: for readers that are a little behind the first.
_BATCHES_KEPT = 8


@dataclass(frozen=True)
class Glimpse:
    """How far a stream is, and what its build or its rollout waits for; None: it does not wait."""

    last_sequence: int
    state: str
    wait: Place | Wait | None


@dataclass(frozen=True)
class Heartbeat:
    """Nothing new, but the connection lives. `wait` as in Glimpse; `away_seconds` is how long ago the
    database answered."""

    wait: Place | Wait | None
    away_seconds: float

    @property
    def why(self) -> str:
        """Why it waits, in the language that is active; empty: it does not."""
        return self.wait.what if self.wait is not None else ""


@dataclass(frozen=True)
class End:
    """How a stream ended."""

    state: str
    exit_code: int


class Batch(list[LogEntry]):
    """Entries in their order; the readers that stand at the same line share it."""

    def __init__(self, entries: Iterable[LogEntry] = ()) -> None:
        super().__init__(entries)
        self._bytes: dict[Callable[[Batch], bytes], bytes] = {}

    def encoded(self, encode: Callable[[Batch], bytes]) -> bytes:
        """What `encode` makes of it, made once for all readers."""
        if encode not in self._bytes:
            self._bytes[encode] = encode(self)
        return self._bytes[encode]


async def follow(
    stream_id: int, after: int, heartbeat_seconds: float = HEARTBEAT_SECONDS
) -> AsyncGenerator[Batch | Heartbeat | End]:
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
                    found = await hub.read(stream_id, after, glimpse.last_sequence)
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


@dataclass
class _Watched:
    """A stream with readers; `changed` is done, and replaced, when it has grown or ended."""

    changed: asyncio.Future[None]
    readers: int = 0
    glimpse: Glimpse | None = None
    reads: dict[tuple[int, int], asyncio.Task[Batch]] = field(default_factory=dict)


class Hub:
    """Knows how far each watched stream is; one for an event loop."""

    def __init__(self) -> None:
        self._watched: dict[int, _Watched] = {}
        self._poller: asyncio.Task[None] | None = None
        self._answered = time.monotonic()

    def watching(self, stream_id: int) -> _Watching:
        return _Watching(self, stream_id)

    async def next(self, stream_id: int, after: int, patience_seconds: float) -> Glimpse | None:
        """Waits until the stream has ended or grown beyond `after`; None if that takes too long."""
        watched = self._watched[stream_id]
        until = time.monotonic() + patience_seconds
        while True:
            glimpse = watched.glimpse
            if glimpse and (glimpse.last_sequence > after or glimpse.state != StreamState.OPEN):
                return glimpse
            left = until - time.monotonic()
            if left <= 0:
                return None
            await asyncio.wait([watched.changed], timeout=left)

    async def read(self, stream_id: int, after: int, last: int) -> Batch:
        """The next entries behind `after`; whoever asks the same meanwhile waits for the same answer."""
        reads = self._watched[stream_id].reads
        key = (after, last)
        if key not in reads:
            reads[key] = asyncio.create_task(_read(stream_id, after))
            while len(reads) > _BATCHES_KEPT:
                del reads[next(iter(reads))]
        task = reads[key]
        try:
            # One reader that leaves does not take it from the others.
            return await asyncio.shield(task)
        except Error:
            reads.pop(key, None)
            raise

    def heartbeat(self, stream_id: int) -> Heartbeat:
        glimpse = self._watched[stream_id].glimpse
        return Heartbeat(glimpse.wait if glimpse else None, time.monotonic() - self._answered)

    def enter(self, stream_id: int) -> None:
        if stream_id not in self._watched:
            self._watched[stream_id] = _Watched(asyncio.get_running_loop().create_future())
        self._watched[stream_id].readers += 1
        if self._poller is None or self._poller.done():
            self._answered = time.monotonic()
            self._poller = asyncio.create_task(self._poll(), name="log-streams")

    def leave(self, stream_id: int) -> None:
        watched = self._watched[stream_id]
        watched.readers -= 1
        if watched.readers <= 0:
            del self._watched[stream_id]

    async def _poll(self) -> None:
        while self._watched:
            try:
                found = await database(_look, list(self._watched))
                self._answered = time.monotonic()
            except Error:
                logger.warning("log streams not read, tried again", exc_info=True)
                found = {}
            for stream_id, seen in found.items():
                if stream_id in self._watched:
                    self._saw(self._watched[stream_id], seen)
            await asyncio.sleep(POLL_SECONDS)

    def _saw(self, watched: _Watched, seen: Glimpse) -> None:
        before, watched.glimpse = watched.glimpse, seen
        if before is None or (before.last_sequence, before.state) != (seen.last_sequence, seen.state):
            changed, watched.changed = watched.changed, asyncio.get_running_loop().create_future()
            changed.set_result(None)


class _Watching:
    def __init__(self, hub: Hub, stream_id: int) -> None:
        self._hub = hub
        self._stream_id = stream_id

    async def __aenter__(self) -> None:
        self._hub.enter(self._stream_id)

    async def __aexit__(self, *_: object) -> None:
        self._hub.leave(self._stream_id)


async def _read(stream_id: int, after: int) -> Batch:
    return Batch(await database(entries, stream_id, after, _BATCH))


def _look(ids: list[int]) -> dict[int, Glimpse]:
    rows = list(
        LogStream.objects.filter(pk__in=ids).values_list(
            "pk", "last_sequence", "state", "build__id", "build__state", "rollout__id", "rollout__state"
        )
    )
    building = any(build == BuildState.QUEUED for *_, build, _, _ in rows)
    places = {place.build: place for place in waiting_with_reasons()} if building else {}
    held = waits() if any(rollout == RolloutState.QUEUED for *_, rollout in rows) else {}
    return {
        pk: Glimpse(last, state, places.get(build) or held.get(rollout))
        for pk, last, state, build, _, rollout, _ in rows
    }


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def _hub() -> Hub:
    return _hubs.setdefault(asyncio.get_running_loop(), Hub())
