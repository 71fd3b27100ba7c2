"""Shows a pusher the log stream of a push until it ends."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from enum import Enum

from portal.builds.following import End, Heartbeat, follow
from portal.builds.models import LogEntry
from portal.gitserver import wording
from portal.gitserver.settings import GitServerSettings
from portal.translating import spoken

Say = Callable[[str], Awaitable[None]]
_DATABASE_PATIENCE_SECONDS = 120
# Most builds start at once: a place in the queue is worth a line only if it lasts.
_QUEUE_PATIENCE_SECONDS = 2
# How soon a server that closes, or a new place in the queue, is noticed while the log is silent.
_PULSE_SECONDS = 0.5


class Ending(Enum):
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


class Follower:
    """One pusher's view; `closing` is set when the server goes down."""

    def __init__(self, stream_id: int, say: Say, settings: GitServerSettings, closing: asyncio.Event) -> None:
        self._stream_id = stream_id
        self._say = say
        self._settings = settings
        self._closing = closing
        self._began = self._last_said = time.monotonic()
        self._why = ""
        self._shown_last: wording.Entry | None = None
        self.shown = ""

    async def to_the_end(self) -> Ending:
        async with aclosing(follow(self._stream_id, 0, _PULSE_SECONDS)) as events:
            while True:
                event = await anext(events)
                if isinstance(event, End):
                    return Ending.FAILED if event.exit_code else Ending.SUCCEEDED
                if not isinstance(event, Heartbeat):
                    await self._show(event)
                elif event.away_seconds > _DATABASE_PATIENCE_SECONDS:
                    await self._say(wording.database_away())
                    return Ending.INTERRUPTED
                else:
                    await self._keep_company(event.why)
                if self._closing.is_set():
                    await self._say(wording.restarting(accepted=True))
                    return Ending.INTERRUPTED

    async def _show(self, found: Sequence[LogEntry]) -> None:
        new = [wording.Entry(entry.kind, entry.at, spoken(entry.words)) for entry in found]
        text = wording.entries(new, self._shown_last)
        await self._tell(text if self._shown_last else f"{text}\n{wording.attach()}")
        self._shown_last = new[-1]
        self.shown = (self.shown + text)[-4000:]

    async def _keep_company(self, why: str) -> None:
        """While the log is silent: why the build waits when that changes, now and then that all goes on."""
        waited = time.monotonic() - self._began
        if why and why != self._why and waited > _QUEUE_PATIENCE_SECONDS:
            await self._tell(wording.under(why))
            self._why = why
        if time.monotonic() - self._last_said >= self._settings.heartbeat_seconds:
            await self._tell(wording.still(queued=bool(why), seconds=waited))

    async def _tell(self, text: str) -> None:
        await self._say(text)
        self._last_said = time.monotonic()
