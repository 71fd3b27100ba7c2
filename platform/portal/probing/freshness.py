"""Whether what is known of addresses is of now, or of a time when somebody still looked."""

from __future__ import annotations

from datetime import datetime, timedelta

# Six turns of an address that answers (`portal.probing.rounds`).
STALE = timedelta(minutes=3)


def last_looked(asked_at: datetime | None, up: datetime) -> datetime:
    """When a live release's address was last looked at; it answered when it came up (`up`)."""
    return up if asked_at is None else max(asked_at, up)


def is_stale(looked_at: datetime, now: datetime) -> bool:
    """Whether several turns were missed since."""
    return now - looked_at > STALE
