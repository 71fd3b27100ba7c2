"""Moments as operators write them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from portal.fleet.moments import parse_moment

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("2h", 10),
        ("120m", 10),
        ("7200 s", 10),
        ("2026-11-25", 0),
        ("2026-11-25T08:00", 8),
        ("2026-11-25T08:00+01:00", 7),
    ],
)
def test_ago_and_dates_are_understood(text: str, hour: int) -> None:
    assert parse_moment(text, NOW) == NOW.replace(hour=hour)


@pytest.mark.parametrize("text", ["", "yesterday", "2 fortnights", "-2h", "2026-13-01", "999999w"])
def test_anything_else_says_how_to_write_it(text: str) -> None:
    with pytest.raises(ValueError, match="write 30m, 2h, 7d"):
        parse_moment(text, NOW)
