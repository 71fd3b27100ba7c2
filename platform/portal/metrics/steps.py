"""The steps in which samples are kept: fine ones for hours, coarse ones for months. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

FINE, MIDDLE, COARSE = 30, 300, 3600
# How long the samples of a step are kept.
KEPT = {FINE: timedelta(hours=6), MIDDLE: timedelta(days=8), COARSE: timedelta(days=100)}
# Each coarser step is made of the one before.
MADE_OF = {MIDDLE: FINE, COARSE: MIDDLE}
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Span:
    """A stretch of time up to now that a page shows, and the step of its samples."""

    id: str
    length: timedelta
    step: int


SPANS = {
    span.id: span
    for span in (
        Span("hour", timedelta(hours=1), FINE),
        Span("day", timedelta(days=1), MIDDLE),
        Span("week", timedelta(days=7), MIDDLE),
        Span("quarter", timedelta(days=90), COARSE),
    )
}


def floor(moment: datetime, step: int) -> datetime:
    """The beginning of the step that the moment is in."""
    return moment - (moment - _EPOCH) % timedelta(seconds=step)
