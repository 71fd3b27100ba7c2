"""AWS writes times in three ways; nothing else is one."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from spot.cloud.dates import parse


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-05T09:10:11Z",
        "2026-01-05T10:10:11+01:00",
        "Mon, 05 Jan 2026 09:10:11 GMT",
        "5 Jan 2026 09:10:11 GMT",
    ],
)
def test_the_same_moment_in_each_way(text: str) -> None:
    assert parse(text) == datetime(2026, 1, 5, 9, 10, 11, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["", "soon", None, 1767604211, "1767604211", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59",
     "Mon, 99 Foo 99999999 99:99:99 +99999999", "5 Jan 2026 09:10:11 +9999999999999999999", "\ud800",
     "2" * 10_000, "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "Fri, 31 Dec 9999 23:59:59 GMT"],
)  # fmt: skip
def test_what_is_no_time_is_none(text: object) -> None:
    assert parse(text) is None
