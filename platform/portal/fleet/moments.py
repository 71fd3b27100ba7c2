"""Moments as an operator writes them. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_AGO = re.compile(r"([0-9]{1,6})\s*([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def parse_moment(text: str, now: datetime) -> datetime:
    """`90m` or `7d` ago, or a date or time as in 2026-11-25 or 2026-11-25T08:00 (UTC unless it says so).

    Raises ValueError that says so.
    """
    try:
        if ago := _AGO.fullmatch(text.strip()):
            return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        at = datetime.fromisoformat(text.strip())
    except (ValueError, OverflowError):
        raise ValueError(
            f"{text!r} is no moment: write 30m, 2h, 7d, 2026-11-25 or 2026-11-25T08:00"
        ) from None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at
