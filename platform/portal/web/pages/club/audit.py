"""`/clubs/<club>/audit`: who did what, when and from where; to be searched, paged through, taken away."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from portal.accounts import trail
from portal.accounts.actors import actors
from portal.clubs.models import Club
from portal.web.pages.club.fields import offer
from portal.web.pages.club.words import called, deed, events, sentence
from portal.web.request import PageRequest
from portal.web.trail import end_of, exported, first_moment, page


class SoughtForm(forms.Form):
    actor = forms.ChoiceField(label=gettext_lazy("Who"), required=False)
    action = forms.ChoiceField(label=gettext_lazy("What"), required=False)
    project = forms.ChoiceField(label=gettext_lazy("Project"), required=False)
    since = forms.DateField(
        label=gettext_lazy("First day"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=gettext_lazy("Days are those of UTC."),
    )
    until = forms.DateField(
        label=gettext_lazy("Last day"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )

    def __init__(self, club: Club, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        who = {name: called(actor) for name, actor in actors(_known(club, "actor")).items()}
        choices = {
            "actor": sorted(who.items(), key=lambda item: item[1].casefold()),
            "action": [(action, deed(action)) for action in _known(club, "action")],
            "project": [(project, project) for project in _known(club, "project")],
        }
        for name, known in choices.items():
            offer(self, name, [("", _("All")), *known])

    def sought(self, club: Club) -> trail.Sought:
        """What is asked for; a wrong choice asks for nothing. Never older than the club: its short name may
        have been another's."""
        given = self.cleaned_data if self.is_valid() else {}
        return trail.Sought(
            club=club.slug,
            actor=given.get("actor", ""),
            action=given.get("action", ""),
            project=given.get("project", ""),
            since=max(first_moment(given.get("since")) or club.created_at, club.created_at),
            until=end_of(given.get("until")),
        )


@require_GET
def audit(request: PageRequest, club: str) -> HttpResponse:
    form = SoughtForm(request.club, request.GET)
    found, onward = page(request, form.sought(request.club))
    context = {"tab": "audit", "form": form, "events": events(found.entries), **onward}
    return render(request, "web/club/audit.html", context, status=422 if form.errors else 200)


@require_GET
def export(request: PageRequest, club: str) -> StreamingHttpResponse:
    sought = SoughtForm(request.club, request.GET).sought(request.club)
    return exported(sought, f"madang-audit-{request.club.slug}", sentence)


def _known(club: Club, field: str) -> list[str]:
    return trail.known(club.slug, field, club.created_at)
