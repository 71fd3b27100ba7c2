"""What both pages of the audit log do: days as times, the way from page to page, the whole as CSV."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import date, datetime, time, timedelta
from typing import Any

from django.http import HttpRequest, StreamingHttpResponse
from django.utils import timezone, translation

from portal.accounts import trail
from portal.accounts.models import AuditEntry
from portal.accounts.trail_csv import HEAD, lines
from portal.threads import database

_ROWS = 50
_EXPORTED_AT_ONCE = 500


def first_moment(day: date | None) -> datetime | None:
    return timezone.make_aware(datetime.combine(day, time())) if day else None


def end_of(day: date | None) -> datetime | None:
    return first_moment(day + timedelta(days=1)) if day else None


def page(request: HttpRequest, sought: trail.Sought) -> tuple[trail.Page, dict[str, Any]]:
    """The entries that `?before=` asks for, and what a template needs to lead on from them."""
    given = request.GET.get("before", "")
    before = int(given) if given.isascii() and given.isdecimal() and len(given) < 19 else None
    found = trail.page(sought, before=before, limit=_ROWS)
    chosen = request.GET.copy()
    chosen.pop("before", None)
    return found, {
        "query": chosen.urlencode(),
        "before": found.before,
        "paged": before is not None,
        "filtered": any(chosen.values()),
    }


def exported(sought: trail.Sought, name: str, sentence: Callable[[AuditEntry], str]) -> StreamingHttpResponse:
    """All entries that the filters let through, as they are read, in the reader's language."""
    written = _written(sought, sentence, translation.get_language() or "en")
    response = StreamingHttpResponse(written, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}-{timezone.now():%Y-%m-%d}.csv"'
    response["Cache-Control"] = "no-store"
    return response


async def _written(
    sought: trail.Sought, sentence: Callable[[AuditEntry], str], language: str
) -> AsyncIterator[str]:
    def told(entries: tuple[AuditEntry, ...]) -> str:
        with translation.override(language):
            return lines(entries, sentence)

    yield HEAD
    before: int | None = None
    while True:
        found = await database(trail.page, sought, before=before, limit=_EXPORTED_AT_ONCE)
        yield await database(told, found.entries)
        before = found.before
        if before is None:
            return
