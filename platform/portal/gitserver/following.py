"""Shows a pusher the log stream of a build until it ends."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum

from django.db import DatabaseError

from portal.builds.models import Build, BuildState, LogStream, StreamState
from portal.builds.selectors import entries, queue_position
from portal.gitserver import wording
from portal.gitserver.settings import GitServerSettings
from portal.gitserver.threads import database

logger = logging.getLogger(__name__)

Say = Callable[[str], Awaitable[None]]
_BATCH = 500
_DATABASE_PATIENCE_SECONDS = 120
# Most builds start at once: a place in the queue is worth a line only if it lasts.
_QUEUE_PATIENCE_SECONDS = 2


class Ending(Enum):
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True)
class Glimpse:
    """The stream at one moment. `last` is the newest sequence here; `before` counts the builds that wait in
    front, None: not queued."""

    entries: tuple[wording.Entry, ...]
    last: int
    state: str
    before: int | None

    @property
    def ended(self) -> bool:
        return self.state != StreamState.OPEN and len(self.entries) < _BATCH


def look(build_id: int, after: int) -> Glimpse:
    """Reads the state first: an ended stream takes no more entries, so none is missed."""
    build = Build.objects.select_related("stream").get(pk=build_id)
    stream: LogStream = build.stream
    found = entries(stream.pk, after, _BATCH)
    before = queue_position(build) - 1 if build.state == BuildState.QUEUED else None
    return Glimpse(
        entries=tuple(wording.Entry(e.kind, e.at, e.text) for e in found),
        last=found[-1].sequence if found else after,
        state=stream.state,
        before=None if before is None else max(before, 0),
    )


class Follower:
    """One pusher's view; `closing` is set when the server goes down."""

    def __init__(self, build_id: int, say: Say, settings: GitServerSettings, closing: asyncio.Event) -> None:
        self._build_id = build_id
        self._say = say
        self._settings = settings
        self._closing = closing
        self._after = 0
        self._began = self._last_said = time.monotonic()
        self._before: int | None = None
        self._shown_last: wording.Entry | None = None
        self.shown = ""

    async def to_the_end(self) -> Ending:
        trouble_since: float | None = None
        while True:
            try:
                glimpse = await database(look, self._build_id, self._after)
                trouble_since = None
            except DatabaseError:
                trouble_since = trouble_since or time.monotonic()
                logger.warning("the log cannot be read", extra={"build": self._build_id}, exc_info=True)
                if time.monotonic() - trouble_since > _DATABASE_PATIENCE_SECONDS:
                    await self._say("\n".join(wording.database_away()))
                    return Ending.INTERRUPTED
            else:
                await self._show(glimpse)
                if glimpse.ended:
                    return Ending.SUCCEEDED if glimpse.state == StreamState.SUCCEEDED else Ending.FAILED
                if len(glimpse.entries) == _BATCH:
                    continue
            if await self._closes_within(self._settings.poll_seconds):
                await self._say(wording.restarting(accepted=True))
                return Ending.INTERRUPTED

    async def _show(self, glimpse: Glimpse) -> None:
        if glimpse.entries:
            text = wording.entries(glimpse.entries, self._shown_last)
            await self._tell(text if self._after else f"{text}\n{wording.attach()}")
            self._after = glimpse.last
            self._shown_last = glimpse.entries[-1]
            self.shown = (self.shown + text)[-4000:]
        waited = time.monotonic() - self._began
        if glimpse.before not in (None, self._before) and waited > _QUEUE_PATIENCE_SECONDS:
            await self._tell(wording.waiting(glimpse.before or 0))
            self._before = glimpse.before
        silent = time.monotonic() - self._last_said
        if silent >= self._settings.heartbeat_seconds and not glimpse.ended:
            await self._tell(wording.still(queued=glimpse.before is not None, seconds=waited))

    async def _tell(self, text: str) -> None:
        await self._say(text)
        self._last_said = time.monotonic()

    async def _closes_within(self, seconds: float) -> bool:
        try:
            await asyncio.wait_for(self._closing.wait(), seconds)
        except TimeoutError:
            return False
        return True
