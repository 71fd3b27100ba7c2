"""Moments as Kubernetes and AWS write them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

# Python knows no moment before the year 1 or after 9999, so the next sum with one that is told as such would
# stumble; an agent's node may be in anybody's hands.
EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)


def parse(text: Any) -> datetime | None:
    """The moment of an RFC 3339 text, or None for anything else. A time without a zone is UTC."""
    if not isinstance(text, str):
        return None
    try:
        return in_utc(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        return None


def in_utc(moment: datetime) -> datetime | None:
    """None for one that nobody can reckon with. Without a zone it is UTC. Raises OverflowError."""
    there = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return there if EARLIEST <= there <= LATEST else None


def zulu(moment: datetime | None) -> str | None:
    """RFC 3339 in UTC with milliseconds."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def now() -> datetime:
    return datetime.now(UTC)
