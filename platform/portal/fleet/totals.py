"""What a time's interruptions come to: how many, how fast they were clear, how much was served meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Aggregate, Count, DurationField, ExpressionWrapper, F, FloatField, Q, Sum
from django.db.models.functions import Coalesce, Extract

from portal.fleet.models import InterruptedPod, Interruption
from portal.fleet.states import Way


@dataclass(frozen=True)
class Totals:
    """`median_clear_seconds` is from the notice until nothing was left on the node (None: never so far).

    `availability` is the share of the time from notice to clear in which the pods that moved had somebody
    serving, over all of them; gaps that are not known are left out, and `unknown_gaps` counts them.
    """

    count: int
    open: int
    median_clear_seconds: float | None
    moved: int
    with_gap: int
    unknown_gaps: int
    gap_seconds: float
    availability: float | None

    @property
    def percent(self) -> float | None:
        return None if self.availability is None else 100 * self.availability


class Median(Aggregate):
    """PostgreSQL's own, over a duration's seconds."""

    function = "percentile_cont"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()


def totals(since: datetime | None = None) -> Totals:
    """Of the interruptions noticed since, or of all that are kept."""
    wanted = Q() if since is None else Q(noticed_at__gte=since)
    told: dict[str, Any] = Interruption.objects.filter(wanted).aggregate(
        count=Count("pk"),
        open=Count("pk", filter=Q(state__in=("noticed", "fenced", "moving"))),
        median=Median(_seconds(F("clear_at") - F("noticed_at")), filter=Q(clear_at__gte=F("noticed_at"))),
    )
    of = Q() if since is None else Q(interruption__noticed_at__gte=since)
    pods: dict[str, Any] = (
        InterruptedPod.objects.filter(of, way__in=(Way.HANDOFF, Way.EVICT))
        .exclude(project="")
        .annotate(
            end=Coalesce("interruption__clear_at", "interruption__gone_at", "interruption__received_at"),
            within=_seconds(F("end") - F("interruption__noticed_at")),
        )
        .aggregate(
            moved=Count("pk", filter=Q(state="retired")),
            gaps=Count("pk", filter=Q(gap_seconds__gt=0)),
            unknown=Count("pk", filter=Q(gap_seconds=None)),
            lost=Sum("gap_seconds", default=0.0),
            span=Sum("within", filter=~Q(gap_seconds=None), default=0.0),
        )
    )
    return Totals(
        count=told["count"],
        open=told["open"],
        median_clear_seconds=told["median"],
        moved=pods["moved"],
        with_gap=pods["gaps"],
        unknown_gaps=pods["unknown"],
        gap_seconds=float(pods["lost"]),
        availability=_share(float(pods["lost"]), float(pods["span"])),
    )


def _seconds(duration: Any) -> Extract:
    return Extract(
        ExpressionWrapper(duration, output_field=DurationField()), "epoch", output_field=FloatField()
    )


def _share(lost: float, span: float) -> float | None:
    return max(0.0, 1 - lost / span) if span > 0 else None
