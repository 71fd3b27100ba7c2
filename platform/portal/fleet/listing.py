"""Interruptions in a list: one line each, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Q

from portal.fleet.models import Interruption
from portal.fleet.states import PodState, Way

_HEADINGS = ("ID", "NODE", "KIND", "STATE", "NOTICED (UTC)", "NOTICE", "MOVED", "LONGEST GAP", "BLOCKED")
_OVER = (PodState.RETIRED, PodState.RESTORED, PodState.LOST)


@dataclass(frozen=True)
class Summary:
    """One interruption. `pods` leaves out those that are meant to end with their node.

    `notice_seconds` is from the notice to the deadline (None: no deadline); `longest_gap_seconds` is the
    longest known gap, `unknown_gaps` how many are not known; `blocked` counts pods that cannot move now.
    """

    id: str
    node: str
    kind: str
    state: str
    noticed_at: datetime
    notice_seconds: float | None
    moved: int
    pods: int
    longest_gap_seconds: float | None
    unknown_gaps: int
    blocked: int


def summaries(
    *,
    limit: int,
    node: str | None = None,
    state: str | None = None,
    kind: str | None = None,
    since: datetime | None = None,
    before: Interruption | None = None,
) -> list[Summary]:
    """The newest `limit` that fit, of those older than `before`."""
    wanted = {"node": node, "state": state, "kind": kind, "noticed_at__gte": since}
    older = (
        Q(noticed_at__lt=before.noticed_at) | Q(noticed_at=before.noticed_at, pk__lt=before.pk)
        if before
        else Q()
    )
    goes = ~Q(pods__way=Way.LEAVE)
    rows = (
        Interruption.objects.filter(
            older, **{key: value for key, value in wanted.items() if value is not None}
        )
        .annotate(
            total=Count("pods", filter=goes),
            moved=Count("pods", filter=goes & Q(pods__state=PodState.RETIRED)),
            longest=Max("pods__gap_seconds", filter=goes),
            unknown=Count("pods", filter=goes & Q(pods__gap_seconds=None)),
            blocked=Count("pods", filter=goes & ~Q(pods__blocked_since=None) & ~Q(pods__state__in=_OVER)),
        )
        .order_by("-noticed_at", "-id")
        .values_list(
            *("id", "node", "kind", "state", "noticed_at", "deadline"),
            *("moved", "total", "longest", "unknown", "blocked"),
        )[:limit]
    )
    return [
        Summary(
            *(id_, at, kind, now, noticed, (deadline - noticed).total_seconds() if deadline else None),
            *numbers,
        )
        for id_, at, kind, now, noticed, deadline, *numbers in rows
    ]


def table(found: Sequence[Summary]) -> list[str]:
    """Lines with aligned columns, the headings first."""
    rows = [_HEADINGS, *(_row(each) for each in found)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]


def _row(each: Summary) -> tuple[str, ...]:
    return (
        each.id,
        each.node,
        each.kind,
        each.state,
        f"{each.noticed_at:%Y-%m-%d %H:%M:%S}",
        "-" if each.notice_seconds is None else f"{each.notice_seconds:.0f} s",
        f"{each.moved}/{each.pods}",
        _gap(each),
        str(each.blocked) if each.blocked else "-",
    )


def _gap(each: Summary) -> str:
    if each.longest_gap_seconds:
        return f"{each.longest_gap_seconds:.1f} s" + (" or more" if each.unknown_gaps else "")
    if each.unknown_gaps:
        return "not known"
    return "none" if each.pods else "-"
