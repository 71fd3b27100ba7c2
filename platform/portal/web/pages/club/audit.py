"""`/clubs/<club>/audit`: who did what, when and from where; to be searched, paged through, taken away."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from portal.accounts import trail
from portal.accounts.actors import actors
from portal.accounts.trail_csv import HEAD, lines
from portal.clubs.models import Club
from portal.threads import database
from portal.web.pages.club.fields import offer
from portal.web.pages.club.words import called, events, sentence
from portal.web.request import PageRequest

_ROWS = 50
_EXPORTED_AT_ONCE = 500


class SoughtForm(forms.Form):
    actor = forms.ChoiceField(label=gettext_lazy("Who"), required=False)
    action = forms.ChoiceField(label=gettext_lazy("What"), required=False)
    project = forms.ChoiceField(label=gettext_lazy("Project"), required=False)
    since = forms.DateField(
        label=gettext_lazy("First day"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    until = forms.DateField(
        label=gettext_lazy("Last day"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )

    def __init__(self, club: Club, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        who = {name: called(actor) for name, actor in actors(_known(club, "actor")).items()}
        choices = {
            "actor": sorted(who.items(), key=lambda item: item[1].casefold()),
            "action": [(action, action.replace("_", " ")) for action in _known(club, "action")],
            "project": [(project, project) for project in _known(club, "project")],
        }
        for name, known in choices.items():
            offer(self, name, [("", _("All")), *known])

    def sought(self, club: Club) -> trail.Sought:
        """What is asked for; a wrong choice asks for nothing. Never older than the club: its short name may
        have been another's."""
        given = self.cleaned_data if self.is_valid() else {}
        since, until = given.get("since"), given.get("until")
        return trail.Sought(
            club=club.slug,
            actor=given.get("actor", ""),
            action=given.get("action", ""),
            project=given.get("project", ""),
            since=max(_midnight(since), club.created_at) if since else club.created_at,
            until=_midnight(until + timedelta(days=1)) if until else None,
        )


@require_GET
def audit(request: PageRequest, club: str) -> HttpResponse:
    form = SoughtForm(request.club, request.GET)
    given = request.GET.get("before", "")
    before = int(given) if given.isascii() and given.isdecimal() and len(given) < 19 else None
    page = trail.page(form.sought(request.club), before=before, limit=_ROWS)
    chosen = request.GET.copy()
    chosen.pop("before", None)
    context = {
        "tab": "audit",
        "form": form,
        "events": events(page.entries),
        "query": chosen.urlencode(),
        "before": page.before,
        "paged": before is not None,
        "filtered": any(chosen.values()),
    }
    return render(request, "web/club/audit.html", context, status=422 if form.errors else 200)


@require_GET
def export(request: PageRequest, club: str) -> StreamingHttpResponse:
    """All entries that the filters let through, as they are read."""
    sought = SoughtForm(request.club, request.GET).sought(request.club)
    response = StreamingHttpResponse(_exported(sought), content_type="text/csv; charset=utf-8")
    name = f"madang-audit-{request.club.slug}-{timezone.now():%Y-%m-%d}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response


async def _exported(sought: trail.Sought) -> AsyncIterator[str]:
    yield HEAD
    before: int | None = None
    while True:
        page = await database(trail.page, sought, before=before, limit=_EXPORTED_AT_ONCE)
        yield await database(lines, page.entries, sentence)
        before = page.before
        if before is None:
            return


def _known(club: Club, field: str) -> list[str]:
    return trail.known(club.slug, field, club.created_at)


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))
