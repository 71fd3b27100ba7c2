"""What a project's running copies print, followed from an event loop."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as Slow
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from deployer.errors import DeployerError, Explanation
from portal import cluster
from portal.builds.following import HEARTBEAT_SECONDS
from portal.builds.masking import Masker
from portal.environment import environment
from portal.problems import Action, Limited
from portal.projects.models import Project
from portal.projects.selectors import config

if TYPE_CHECKING:
    # Its module loads the kubernetes client.
    from deployer.rollout import AppLine

logger = logging.getLogger(__name__)

# The kubernetes client holds a thread for each reader; more are asked to come back.
MOST_READERS = 32
# One club's may not be all.
MOST_OF_A_CLUB = 24
_THREADS = ThreadPoolExecutor(max_workers=MOST_READERS, thread_name_prefix="app-logs")
_readers = threading.BoundedSemaphore(MOST_READERS)
_of_clubs: Counter[str] = Counter()
_counting = threading.Lock()
_WAITING_LINES = 500
_WAIT_SECONDS = 60
_TOO_MANY = Explanation(
    "too-many-readers", "Very many logs are being followed just now.", "", "Try again in a minute."
)
_BROKEN = Explanation("internal-error", "The log could not be read.", "", "Try again in a minute.")

# Asked by a reader's thread, often.
Stop = Callable[[], bool]


@dataclass(frozen=True)
class Silence:
    """Nothing new, but the connection lives."""


@dataclass(frozen=True)
class Trouble:
    """The log cannot be read any further."""

    explanation: Explanation


if TYPE_CHECKING:
    Event = AppLine | Silence | Trouble


@dataclass(frozen=True)
class Source:
    """A project's log as one reader wants it; what is secret in a line is hidden."""

    club: str
    project: str
    masker: Masker

    def lines(
        self, *, follow: bool, tail: int = 0, seen: Mapping[str, datetime] | None = None
    ) -> AsyncGenerator[Event]:
        """The last `tail` lines of each copy (with `seen`, what came after them), with `follow` new ones."""

        def read(stop: Stop) -> Iterator[AppLine]:
            found = cluster.rollouts().logs(self.club, self.project, follow, tail, stop, seen)
            return (replace(line, text=self.masker.line(line.text)) for line in found)

        return events(read, self.club)


def source(project: Project) -> Source:
    """Reads the project's variables, whose values no line may show."""
    masker = Masker(config(project).values(), environment().log_line_bytes)
    return Source(project.club.slug, project.slug, masker)


async def events(read: Callable[[Stop], Iterator[AppLine]], club: str) -> AsyncGenerator[Event]:
    """What a blocking reader gives, from a thread of its own; it stops when nobody listens any more."""
    # Taken here and not before: an answer that nobody begins to read would never give it back.
    if not _enter(club):
        yield Trouble(_TOO_MANY)
        return
    loop = asyncio.get_running_loop()
    waiting: asyncio.Queue[Event | None] = asyncio.Queue(_WAITING_LINES)
    stopped = threading.Event()

    def put(event: Event | None) -> None:
        if stopped.is_set():
            return
        sent = asyncio.run_coroutine_threadsafe(waiting.put(event), loop)
        while not stopped.is_set():
            try:
                sent.result(1.0)
                return
            except Slow:
                continue
        sent.cancel()

    def run() -> None:
        try:
            for line in read(stopped.is_set):
                put(line)
        except DeployerError as error:
            put(Trouble(error.explanation))
        except Exception:
            logger.exception("a log could not be read")
            put(Trouble(_BROKEN))
        finally:
            _leave(club)
            put(None)

    loop.run_in_executor(_THREADS, run)
    try:
        while True:
            try:
                event = await asyncio.wait_for(waiting.get(), HEARTBEAT_SECONDS)
            except TimeoutError:
                yield Silence()
                continue
            if event is None:
                return
            yield event
    finally:
        stopped.set()


def require_place(club: str) -> None:
    """Raises Limited while no more of the club's may read; a place may be gone again when it is wanted."""
    with _counting:
        full = _of_clubs[club] >= MOST_OF_A_CLUB or sum(_of_clubs.values()) >= MOST_READERS
    if full:
        raise Limited(Action.FOLLOW_LOGS, _WAIT_SECONDS, _TOO_MANY)


def _enter(club: str) -> bool:
    """Whether one more of the club's may read."""
    with _counting:
        if _of_clubs[club] >= MOST_OF_A_CLUB or not _readers.acquire(blocking=False):
            return False
        _of_clubs[club] += 1
        return True


def _leave(club: str) -> None:
    with _counting:
        _of_clubs[club] -= 1
        _readers.release()
