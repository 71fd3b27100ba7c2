"""`/operator/clubs/<club>/suspension`: a club is suspended, with a reason and its name typed, and resumed."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from portal.builds.models import BUILD_STATES, Build
from portal.clubs.models import Club, Suspension
from portal.clubs.selectors import suspension_of
from portal.clubs.suspending import WHY_LENGTH, resume_club, suspend_club
from portal.problems import Problem
from portal.releases.models import Release, ReleaseState
from portal.web.once import once
from portal.web.pages.club.typed_name import TypedNameForm
from portal.web.request import PageRequest

_BEFORE = 10


class SuspendForm(TypedNameForm):
    field_order = ("why", "typed")

    why = forms.CharField(
        label=gettext_lazy("Why"),
        max_length=WHY_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Everybody in the club reads it; the owners get it by mail."),
    )


@require_http_methods(["GET", "POST"])
@once
def suspend(request: PageRequest, slug: str) -> HttpResponse:
    club = _club(slug)
    if request.method == "GET":
        return _page(request, club, SuspendForm())
    form = SuspendForm(request.POST)
    if not form.confirms(club):
        return _page(request, club, form, status=422)
    try:
        suspend_club(by=request.by, club=club, why=form.cleaned_data["why"])
    except Problem as problem:
        return _page(request, club, form, problem, problem.status)
    messages.success(request, _("%(club)s is suspended; you can resume it here.") % {"club": club.name})
    return redirect("operator-club-suspend", slug)


@require_POST
@once
def resume(request: PageRequest, slug: str) -> HttpResponse:
    club = _club(slug)
    try:
        resume_club(by=request.by, club=club)
    except Problem as problem:
        return _page(request, club, SuspendForm(), problem, problem.status)
    messages.success(
        request, _("%(club)s is resumed; its projects are being started again.") % {"club": club.name}
    )
    return redirect("operator-clubs")


def _club(slug: str) -> Club:
    club = Club.objects.filter(slug=slug).first()
    if club is None:
        raise Http404(f"no club {slug}")
    return club


def _page(
    request: PageRequest, club: Club, form: SuspendForm, problem: Problem | None = None, status: int = 200
) -> HttpResponse:
    context = {
        "tab": "clubs",
        "of": club,
        "form": form,
        "lasting": suspension_of(club),
        "earlier": Suspension.objects.filter(club=club).exclude(ended_at=None)[:_BEFORE],
        "live": Release.objects.filter(
            project__club=club, project__deleted_at=None, state=ReleaseState.LIVE
        ).count(),
        "builds": Build.objects.filter(project__club=club, state__in=BUILD_STATES.open).count(),
        "problem": problem.explanation if problem else None,
    }
    return render(request, "web/operator/club_suspension.html", context, status=status)
