"""Times as AWS writes them, in its three ways."""

from __future__ import annotations

from datetime import datetime
from email.utils import parsedate_to_datetime

from spot import times

LONGEST = 64


def parse(text: object) -> datetime | None:
    """The moment in UTC, or None for what is none.

    EventBridge and the metadata service write `2026-01-05T09:10:11Z`, AWS Health
    `Mon, 05 Jan 2026 09:10:11 GMT`, scheduled events `5 Jan 2026 09:10:11 GMT`.
    """
    if not isinstance(text, str) or len(text) > LONGEST:
        return None
    return times.parse(text) or _mail_date(text)


def _mail_date(text: str) -> datetime | None:
    try:
        return times.in_utc(parsedate_to_datetime(text))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
