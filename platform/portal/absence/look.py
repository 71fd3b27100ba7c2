"""Which absence stands at which address, as the database has it: one query, however many visitors ask."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping

from django.db import DatabaseError
from django.db.models import Exists, OuterRef

from portal.absence.kinds import Absence, absence
from portal.clubs.selectors import suspended
from portal.projects.models import Project
from portal.releases.models import Halt, Release, ReleaseState, Rollout
from portal.releases.turns import AT_WORK
from portal.threads import database

logger = logging.getLogger(__name__)

# So old may an answer be; and so long does a visitor wait for a database that is slow.
FRESH_SECONDS, PATIENCE_SECONDS = 2.0, 3.0


def absences() -> dict[str, Absence]:
    """Of every project, by subdomain: what its visitors are told if no way leads to it."""
    mine = {"project": OuterRef("pk")}
    found = Project.objects.filter(deleted_at=None).values_list(
        "subdomain",
        Exists(Release.objects.filter(state=ReleaseState.LIVE, **mine)),
        Exists(Halt.objects.filter(**mine)),
        suspended(),
        Exists(Rollout.objects.filter(state__in=AT_WORK, **mine)),
    )
    return {
        subdomain: absence(live=live, halted=halted, suspended=stopped, at_work=at_work)
        for subdomain, live, halted, stopped, at_work in found
    }


class Look:
    """Read anew when somebody asks, at most every two seconds: names that nobody has cost nothing."""

    def __init__(self, read: Callable[[], Mapping[str, Absence]] = absences) -> None:
        self._read = read
        self._known: Mapping[str, Absence] | None = None
        self._reading: asyncio.Task[None] | None = None
        self._read_at = float("-inf")

    async def at(self, subdomain: str | None) -> Absence:
        """None is the subdomain of no project. While the database is away, what was known last is told."""
        if subdomain is None:
            return Absence.NO_PROJECT
        if self._reading is None and time.monotonic() - self._read_at > FRESH_SECONDS:
            self._reading = asyncio.create_task(self._read_anew())
        if self._reading is not None:
            await asyncio.wait({self._reading}, timeout=PATIENCE_SECONDS)
        if self._known is None:
            return Absence.UNREACHABLE
        return self._known.get(subdomain, Absence.NO_PROJECT)

    async def _read_anew(self) -> None:
        try:
            self._known = await database(self._read)
        except DatabaseError:
            logger.exception("absences were not read")
        finally:
            self._read_at, self._reading = time.monotonic(), None
