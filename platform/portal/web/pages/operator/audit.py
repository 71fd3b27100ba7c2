"""`/operator/audit`: who did what, when and from where, on the whole platform; to be taken away as CSV."""

from __future__ import annotations

from django import forms
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from portal.accounts import trail
from portal.web.pages.club.words import events, sentence
from portal.web.request import PageRequest
from portal.web.trail import end_of, exported, first_moment, page

_KINDS = ("person", "operator", "key")


class SoughtForm(forms.Form):
    actor = forms.CharField(label=gettext_lazy("Who"), required=False, max_length=100)
    action = forms.CharField(label=gettext_lazy("Action"), required=False, max_length=50)
    club = forms.CharField(label=gettext_lazy("Club"), required=False, max_length=63)
    project = forms.CharField(label=gettext_lazy("Project"), required=False, max_length=63)
    since = forms.DateField(
        label=gettext_lazy("From"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=gettext_lazy("Days are those of UTC."),
    )
    until = forms.DateField(
        label=gettext_lazy("To"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )

    @property
    def sought(self) -> trail.Sought:
        """What is asked for. A name without its kind is anybody's who is called so."""
        given = self.cleaned_data if self.is_valid() else {}
        actor = given.get("actor", "")
        exact = actor if ":" in actor or actor == "platform" else ""
        return trail.Sought(
            club=given.get("club", ""),
            actor=exact,
            actors=tuple(f"{kind}:{actor}" for kind in _KINDS) if actor and not exact else (),
            action=given.get("action", "").replace(" ", "_"),
            project=given.get("project", ""),
            since=first_moment(given.get("since")),
            until=end_of(given.get("until")),
        )


@require_GET
def audit(request: PageRequest) -> HttpResponse:
    form = SoughtForm(request.GET)
    found, onward = page(request, form.sought)
    rows = list(zip(events(found.entries), found.entries, strict=True))
    context = {"tab": "audit", "form": form, "rows": rows, **onward}
    return render(request, "web/operator/audit.html", context, status=422 if form.errors else 200)


@require_GET
def export(request: PageRequest) -> StreamingHttpResponse:
    return exported(SoughtForm(request.GET).sought, "madang-audit", sentence)
