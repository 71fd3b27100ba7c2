"""Reads of what addresses answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from deployer.errors import Explanation
from portal.probing.models import Probe, Transition
from portal.probing.words import explanation
from portal.projects.models import Project


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


def history(project: Project, limit: int = 50) -> list[Transition]:
    """When the address began to answer and ceased to, the newest first."""
    return list(Transition.objects.filter(project=project)[:limit])
