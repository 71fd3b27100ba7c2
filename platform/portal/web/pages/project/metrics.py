"""`/metrics`: CPU, memory and requests over time, as drawings and as a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from portal.metrics.models import Sample
from portal.metrics.selectors import samples
from portal.metrics.steps import SPANS, Span
from portal.projects.models import Project
from portal.releases.steps import live_release
from portal.web.pages.project.found import find_project, project_page
from portal.web.request import PageRequest

_TABLE_ROWS = 24
_MEBIBYTE = 1 << 20


@dataclass(frozen=True)
class Chart:
    """One drawing: `points` are [seconds since 1970, …] and each line's values, None where none is known."""

    id: str
    title: str
    unit: str
    labels: list[str]
    points: list[list[float | None]]
    limit: float | None = None

    @property
    def data_id(self) -> str:
        return f"{self.id}-points"

    @property
    def labels_id(self) -> str:
        return f"{self.id}-labels"


@require_GET
def metrics(request: PageRequest, club: str, project: str) -> HttpResponse:
    found = find_project(request, project)
    span = SPANS.get(request.GET.get("span", ""), SPANS["hour"])
    rows = samples(found, span)
    context = {
        "spans": [(each.id, name, each is span) for each, name in zip(SPANS.values(), _names(), strict=True)],
        "charts": _charts(found, span, rows),
        "table": _table(rows),
        "counted": any(row.requests is not None for row in rows),
        "measured": bool(rows),
    }
    return project_page(request, found, "metrics", context)


def _names() -> tuple[str, ...]:
    return _("1 hour"), _("1 day"), _("1 week"), _("90 days")


def _charts(project: Project, span: Span, rows: Sequence[Sample]) -> list[Chart]:
    spaced = _spaced(rows, span.step)
    times: list[float | None] = [at for at, _row in spaced]

    def line(value: Callable[[Sample], float | None]) -> list[float | None]:
        return [None if row is None else value(row) for _at, row in spaced]

    live = live_release(project.pk)
    found = [
        Chart(
            "cpu",
            _("CPU"),
            "m",
            [_("CPU of all copies")],
            [times, line(lambda row: round(row.cpu_millicores, 1))],
        ),
        Chart(
            "memory",
            _("Memory"),
            "MiB",
            [_("Memory of all copies"), _("Peak")],
            [
                times,
                line(lambda row: round(row.memory_bytes / _MEBIBYTE, 1)),
                line(lambda row: round(row.memory_peak_bytes / _MEBIBYTE, 1)),
            ],
            limit=live.replicas * live.memory_bytes / _MEBIBYTE if live else None,
        ),
    ]
    if any(row.requests is not None for row in rows):
        minutes = span.step / 60
        found.append(
            Chart(
                "requests",
                _("Requests a minute"),
                "",
                [_("Requests"), _("Server errors")],
                [
                    times,
                    line(lambda row: None if row.requests is None else round(row.requests / minutes, 2)),
                    line(lambda row: None if row.errors is None else round(row.errors / minutes, 2)),
                ],
            )
        )
    return found


def _spaced(rows: Sequence[Sample], step: int) -> list[tuple[float, Sample | None]]:
    """With a point of nothing where a step or more was not measured, so that no line is drawn over it."""
    found: list[tuple[float, Sample | None]] = []
    for row in rows:
        at = row.at.timestamp()
        if found and at - found[-1][0] > 1.5 * step:
            found.append((found[-1][0] + step, None))
        found.append((at, row))
    return found


def _table(rows: Sequence[Sample]) -> list[dict[str, Any]]:
    """The same in few rows, newest first: means of equal stretches, peaks, and sums of requests."""
    if not rows:
        return []
    size = max(1, -(-len(rows) // _TABLE_ROWS))
    parts = [rows[first : first + size] for first in range(0, len(rows), size)]
    return [_stretch(part) for part in reversed(parts)]


def _stretch(part: Sequence[Sample]) -> dict[str, Any]:
    counted = [row for row in part if row.requests is not None]
    return {
        "at": part[0].at,
        "cpu": round(sum(row.cpu_millicores for row in part) / len(part)),
        "memory": round(sum(row.memory_bytes for row in part) / len(part)),
        "peak": max(row.memory_peak_bytes for row in part),
        "requests": sum(row.requests or 0 for row in counted) if counted else None,
        "errors": sum(row.errors or 0 for row in counted) if counted else None,
    }
