"""Coarser samples of finer ones, and the end of those that are old."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db.models import Avg, DateTimeField, Func, Max, Min, Sum, Value
from django.utils import timezone

from portal.metrics.models import Counted, Sample
from portal.metrics.steps import KEPT, MADE_OF, floor

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


def roll_up(now: datetime | None = None) -> None:
    """Makes every coarser step that has ended and is not made yet; then forgets. Safe to repeat."""
    present = now or timezone.now()
    for step in MADE_OF:
        _make(step, present)
    for step, kept in KEPT.items():
        Sample.objects.filter(step_seconds=step, at__lt=present - kept).delete()
    # Of pods that are gone.
    Counted.objects.filter(at__lt=present - timedelta(days=1)).delete()


def _make(step: int, now: datetime) -> None:
    finer = Sample.objects.filter(step_seconds=MADE_OF[step], at__lt=floor(now, step))
    last = Sample.objects.filter(step_seconds=step).aggregate(at=Max("at"))["at"]
    begin = last + timedelta(seconds=step) if last else finer.aggregate(at=Min("at"))["at"]
    if begin is None:
        return
    rows = (
        finer.filter(at__gte=begin)
        .annotate(bucket=_bucket(step))
        .values("project_id", "bucket")
        .annotate(
            mean_copies=Avg("copies"),
            mean_cpu=Avg("cpu_millicores"),
            mean_memory=Avg("memory_bytes"),
            peak=Max("memory_peak_bytes"),
            all_requests=Sum("requests"),
            all_errors=Sum("errors"),
        )
        .order_by("bucket", "project_id")
    )
    Sample.objects.bulk_create(
        (
            Sample(
                project_id=row["project_id"],
                step_seconds=step,
                at=row["bucket"],
                copies=row["mean_copies"],
                cpu_millicores=row["mean_cpu"],
                memory_bytes=round(row["mean_memory"]),
                memory_peak_bytes=row["peak"],
                requests=row["all_requests"],
                errors=row["all_errors"],
            )
            for row in rows.iterator(chunk_size=2000)
        ),
        batch_size=2000,
        ignore_conflicts=True,
    )


def _bucket(step: int) -> Func:
    """The beginning of the step, as PostgreSQL counts it."""
    return Func(
        Value(timedelta(seconds=step)),
        "at",
        Value(_EPOCH),
        function="date_bin",
        output_field=DateTimeField(),
    )
