"""Moments as pages show them."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta, timezone

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup()

from django.utils.translation import override  # noqa: E402
from portal.web.templatetags.madang import moment, since  # noqa: E402 - tags need Django's settings

SEOUL = timezone(timedelta(hours=9))


def test_a_moment_says_which_time_it_is_in_also_where_it_is_only_a_hint() -> None:
    at = datetime(2026, 3, 2, 7, 30, tzinfo=SEOUL)
    with override("en"):
        assert moment(at).endswith("10:30 p.m. UTC</time>")
        assert 'title="March 1, 2026, 10:30 p.m. UTC"' in since(at)
    with override("ko"):
        assert 'title="2026년 3월 1일 오후 10:30 UTC"' in since(at)
    assert f'datetime="{at.astimezone(UTC).isoformat()}"' in since(at.astimezone(UTC))
