"""Following a project from an event loop: any number of readers, one look at the database for all."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections import Counter
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from django.db import Error
from django.db.models import OuterRef, Subquery
from django.utils import timezone

from portal.builds.models import LogStream
from portal.clubs.selectors import suspended
from portal.probing.freshness import is_stale, last_looked
from portal.probing.wanted import up_since
from portal.projects.models import Project
from portal.releases.models import Release, ReleaseState
from portal.threads import database

logger = logging.getLogger(__name__)

POLL_SECONDS = 1.0


@dataclass(frozen=True)
class Version:
    """How a project is at one moment: its newest log, and a digest of the rest."""

    stream: int
    digest: str

    def __str__(self) -> str:
        return f"{self.stream}-{self.digest}"


async def versions(project_id: int, patience_seconds: float) -> AsyncGenerator[Version | None]:
    """The present version, then each that differs; None after so long without. Ends with the project."""
    hub = _hubs.setdefault(asyncio.get_running_loop(), _Hub())
    hub.enter(project_id)
    try:
        seen: Version | None = None
        while True:
            await hub.wait(project_id, seen, patience_seconds)
            version = hub.versions.get(project_id)
            if hub.gone(project_id):
                return
            yield version if version != seen else None
            seen = version
    finally:
        hub.leave(project_id)


def version_of(project_id: int) -> str:
    """The present version of one, as text."""
    return str(_look([project_id]).get(project_id, ""))


class _Hub:
    def __init__(self) -> None:
        self.versions: dict[int, Version] = {}
        self._readers: Counter[int] = Counter()
        self._looked: set[int] = set()
        self._changed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._poller: asyncio.Task[None] | None = None

    def enter(self, project_id: int) -> None:
        self._readers[project_id] += 1
        if self._poller is None or self._poller.done():
            self._poller = asyncio.create_task(self._poll(), name="projects")

    def leave(self, project_id: int) -> None:
        self._readers[project_id] -= 1
        if self._readers[project_id] <= 0:
            del self._readers[project_id]
            self.versions.pop(project_id, None)
            self._looked.discard(project_id)

    def gone(self, project_id: int) -> bool:
        return project_id in self._looked and project_id not in self.versions

    async def wait(self, project_id: int, seen: Version | None, patience_seconds: float) -> None:
        """Until the project's version is another, or the time is over."""
        loop = asyncio.get_running_loop()
        until = loop.time() + patience_seconds
        while self.versions.get(project_id) == seen and not self.gone(project_id):
            left = until - loop.time()
            if left <= 0:
                return
            await asyncio.wait([self._changed], timeout=left)

    async def _poll(self) -> None:
        while self._readers:
            asked = list(self._readers)
            try:
                found = await database(_look, asked)
            except Error:
                logger.warning("projects not read, tried again", exc_info=True)
            else:
                self._saw(asked, found)
            await asyncio.sleep(POLL_SECONDS)

    def _saw(self, asked: list[int], found: dict[int, Version]) -> None:
        there = [key for key in asked if key in self._readers]
        news = [key for key in there if self.versions.get(key) != found.get(key) or key not in self._looked]
        for key in there:
            self._looked.add(key)
            if key in found:
                self.versions[key] = found[key]
            else:
                self.versions.pop(key, None)
        if news:
            changed, self._changed = self._changed, asyncio.get_running_loop().create_future()
            changed.set_result(None)


def _look(ids: list[int]) -> dict[int, Version]:
    live = Release.objects.filter(project=OuterRef("pk"), state=ReleaseState.LIVE)
    there = Project.objects.filter(pk__in=ids, deleted_at=None).annotate(
        up=Subquery(live.values(at=up_since())[:1]), suspended=suspended()
    )
    now = timezone.now()
    marks = {
        key: [*rest, up is not None and is_stale(last_looked(asked_at, up), now)]
        for key, up, asked_at, *rest in there.values_list(*_PROJECT)
    }
    newest = LogStream.objects.filter(project__in=list(marks)).order_by("project_id", "-id")
    streams = {}
    for key, stream, *rest in newest.distinct("project_id").values_list(*_STREAM):
        streams[key] = stream
        marks[key] += rest
    return {key: Version(streams.get(key, 0), _digest(mark)) for key, mark in marks.items()}


_PROJECT = (
    *("pk", "up", "probe__asked_at"),
    *("release_count", "subdomain", "probe__ok", "probe__reason", "probe__since"),
    *("suspended", "halt__stopped_at", "halt__progress"),
)
_STREAM = (
    *("project_id", "pk", "state", "build__state", "build__attempt", "build__stop_requested"),
    *("rollout__state", "rollout__progress"),
)


def _digest(mark: list[object]) -> str:
    return hashlib.sha256(repr(mark).encode()).hexdigest()[:16]


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, _Hub] = WeakKeyDictionary()
