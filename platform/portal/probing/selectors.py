"""Reads of what addresses answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max, Min
from django.utils import timezone

from deployer.errors import Explanation
from portal.probing.freshness import is_stale, last_looked
from portal.probing.models import Probe, Transition
from portal.probing.wanted import up_since, wanted
from portal.probing.words import explanation
from portal.projects.models import Project
from portal.releases.models import Release, ReleaseState


@dataclass(frozen=True)
class Failing:
    """An address that does not answer: since when, when last asked, and why, in the active language."""

    since: datetime
    asked_at: datetime
    status: int | None
    explanation: Explanation


def failing(project_ids: Iterable[int]) -> dict[int, Failing]:
    """Those of the projects whose address does not answer, in one query."""
    rows = Probe.objects.filter(pk__in=list(project_ids), ok=False).exclude(asked_at=None)
    return {
        row.pk: Failing(row.since, row.asked_at, row.status, explanation(row.reason, row.detail))
        for row in rows
        if row.since and row.asked_at
    }


@dataclass(frozen=True)
class Unchecked:
    """An address that nobody has looked at for several turns: since when, whether it answered then, and
    whether the prober stands still as a whole."""

    since: datetime
    answered: bool
    prober_stands: bool


def unchecked(up: Mapping[int, datetime]) -> dict[int, Unchecked]:
    """Those of the projects that are meant to answer (id: since when); one query as long as all are looked
    at."""
    now = timezone.now()
    rows = {
        key: (at, ok) for key, at, ok in Probe.objects.filter(pk__in=up).values_list("pk", "asked_at", "ok")
    }
    late = {}
    for key, since in up.items():
        asked_at, ok = rows.get(key, (None, None))
        looked_at = last_looked(asked_at, since)
        if is_stale(looked_at, now):
            late[key] = (looked_at, ok is not False or looked_at == since)
    stands = bool(late) and standstill() is not None
    return {key: Unchecked(at, answered, stands) for key, (at, answered) in late.items()}


def standstill() -> datetime | None:
    """Since when no address at all was looked at, though some are meant to answer; None: the prober is at
    work."""
    live = Release.objects.filter(wanted(), state=ReleaseState.LIVE, project__deleted_at=None)
    first = live.aggregate(at=Min(up_since()))["at"]
    if first is None:
        return None
    looked_at = last_looked(Probe.objects.aggregate(at=Max("asked_at"))["at"], first)
    return looked_at if is_stale(looked_at, timezone.now()) else None


def history(project: Project, limit: int = 50) -> list[Transition]:
    """When the address began to answer and ceased to, the newest first."""
    return list(Transition.objects.filter(project=project)[:limit])
