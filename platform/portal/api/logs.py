"""What a project's running copies print."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as Slow
from datetime import datetime
from typing import Annotated

from django.http import HttpRequest, StreamingHttpResponse
from ninja import Query, Router

from deployer.errors import DeployerError, Explanation
from portal import cluster
from portal.accounts.principal import Principal
from portal.api.authentication import AsyncKeyBearer, principal
from portal.api.ndjson import ndjson
from portal.builds.following import HEARTBEAT_SECONDS
from portal.builds.masking import Masker
from portal.environment import environment
from portal.projects.selectors import config, get
from portal.threads import database

logger = logging.getLogger(__name__)
router = Router(tags=["logs"])

Tail = Annotated[int, Query(ge=0, le=5000, description="How many of each copy's last lines.")]
Since = Annotated[datetime | None, Query(description="Only lines of this moment or later.")]
Event = dict[str, object]

# The kubernetes client holds a thread for each reader; more are asked to come back.
MOST_READERS = 32
_THREADS = ThreadPoolExecutor(max_workers=MOST_READERS, thread_name_prefix="app-logs")
_readers = threading.BoundedSemaphore(MOST_READERS)
_WAITING_LINES = 500
_TOO_MANY = Explanation(
    "too-many-readers", "Very many logs are being followed just now.", "", "Try again in a minute."
)


@router.get("/clubs/{club}/projects/{project}/logs", auth=AsyncKeyBearer())
async def logs(
    request: HttpRequest, club: str, project: str, follow: bool = False, tail: Tail = 100, since: Since = None
) -> StreamingHttpResponse:
    """NDJSON: lines of all running copies, with `follow` as they come, heartbeats while there are none."""
    by = principal(request)
    masker = await database(_masker, by, club, project)

    def read(stop: Callable[[], bool]) -> Iterator[Event]:
        for line in cluster.rollouts().logs(club, project, follow, tail, stop):
            if since is None or line.at >= since:
                at = line.at.isoformat().replace("+00:00", "Z")
                yield {"at": at, "pod": line.pod, "text": masker.line(line.text)}

    return ndjson(_events(read))


def _masker(by: Principal, club: str, project: str) -> Masker:
    found = get(by, club, project)
    return Masker(config(found).values(), environment().log_line_bytes)


async def _events(read: Callable[[Callable[[], bool]], Iterator[Event]]) -> AsyncIterator[Event]:
    """What a blocking reader gives, from a thread of its own; it stops when nobody listens any more."""
    # Taken here and not before: an answer that nobody begins to read would never give it back.
    if not _readers.acquire(blocking=False):
        yield {"error": _TOO_MANY.to_dict()}
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
            for event in read(stopped.is_set):
                put(event)
        except DeployerError as error:
            put({"error": error.explanation.to_dict()})
        except Exception:
            logger.exception("a log could not be read")
            put({"error": {"reason": "internal-error", "what": "The log could not be read."}})
        finally:
            _readers.release()
            put(None)

    loop.run_in_executor(_THREADS, run)
    try:
        while True:
            try:
                event = await asyncio.wait_for(waiting.get(), HEARTBEAT_SECONDS)
            except TimeoutError:
                yield {"heartbeat": True}
                continue
            if event is None:
                return
            yield event
    finally:
        stopped.set()
