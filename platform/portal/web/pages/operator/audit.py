"""`/operator/audit`: who did what, when and from where, on the whole platform; to be taken away as CSV."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, datetime, time, timedelta

from django import forms
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from portal.accounts import trail
from portal.accounts.models import AuditEntry
from portal.accounts.trail_csv import HEAD, lines
from portal.threads import database
from portal.web.pages.club.words import events, sentence
from portal.web.request import PageRequest

_ROWS = 50
_EXPORTED_AT_ONCE = 500
_KINDS = ("person", "operator", "key")


class SoughtForm(forms.Form):
    actor = forms.CharField(label=gettext_lazy("Who"), required=False, max_length=100)
    action = forms.CharField(label=gettext_lazy("Action"), required=False, max_length=50)
    club = forms.CharField(label=gettext_lazy("Club"), required=False, max_length=63)
    project = forms.CharField(label=gettext_lazy("Project"), required=False, max_length=63)
    since = forms.DateField(
        label=gettext_lazy("From"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    until = forms.DateField(
        label=gettext_lazy("To"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )

    @property
    def sought(self) -> trail.Sought:
        """What is asked for. A name without its kind is anybody's who is called so."""
        given = self.cleaned_data if self.is_valid() else {}
        actor, since, until = given.get("actor", ""), given.get("since"), given.get("until")
        exact = actor if ":" in actor or actor == "platform" else ""
        return trail.Sought(
            club=given.get("club", ""),
            actor=exact,
            actors=tuple(f"{kind}:{actor}" for kind in _KINDS) if actor and not exact else (),
            action=given.get("action", "").replace(" ", "_"),
            project=given.get("project", ""),
            since=_midnight(since) if since else None,
            until=_midnight(until + timedelta(days=1)) if until else None,
        )


@require_GET
def audit(request: PageRequest) -> HttpResponse:
    form = SoughtForm(request.GET)
    given = request.GET.get("before", "")
    before = int(given) if given.isascii() and given.isdecimal() and len(given) < 19 else None
    page = trail.page(form.sought, before=before, limit=_ROWS)
    chosen = request.GET.copy()
    chosen.pop("before", None)
    context = {
        "tab": "audit",
        "form": form,
        "rows": list(zip(events(page.entries), page.entries, strict=True)),
        "query": chosen.urlencode(),
        "before": page.before,
        "paged": before is not None,
        "filtered": any(chosen.values()),
    }
    return render(request, "web/operator/audit.html", context, status=422 if form.errors else 200)


@require_GET
def export(request: PageRequest) -> StreamingHttpResponse:
    """All entries that the filters let through, as they are read."""
    sought, language = SoughtForm(request.GET).sought, translation.get_language() or "en"
    response = StreamingHttpResponse(_exported(sought, language), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="madang-audit-{timezone.now():%Y-%m-%d}.csv"'
    response["Cache-Control"] = "no-store"
    return response


async def _exported(sought: trail.Sought, language: str) -> AsyncIterator[str]:
    yield HEAD
    before: int | None = None
    while True:
        page = await database(trail.page, sought, before=before, limit=_EXPORTED_AT_ONCE)
        yield await database(_lines, page.entries, language)
        before = page.before
        if before is None:
            return


def _lines(entries: tuple[AuditEntry, ...], language: str) -> str:
    with translation.override(language):
        return lines(entries, sentence)


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))
