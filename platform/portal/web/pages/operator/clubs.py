"""`/operator/clubs`: every club with what it takes of its budget, which can be changed and changed back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from portal.clubs.actions import set_budget
from portal.clubs.budget import Share
from portal.clubs.limits import set_limits
from portal.clubs.models import Club
from portal.clubs.selectors import suspended
from portal.problems import Problem
from portal.releases.room import budget_of
from portal.releases.usage import live_by_club
from portal.web.once import once
from portal.web.pages.club.bars import Bar, bars
from portal.web.request import PageRequest

_ROWS = 40
_MIB, _GIB = 1 << 20, 1 << 30
_UNDO = "operator-budget-undo"


class BudgetForm(forms.Form):
    memory_gib = forms.DecimalField(
        label=gettext_lazy("Memory (GiB)"), min_value=0, max_value=4096, max_digits=7, decimal_places=2
    )
    cores = forms.DecimalField(
        label=gettext_lazy("CPU (cores)"), min_value=0, max_value=1000, max_digits=7, decimal_places=3
    )
    pods = forms.IntegerField(label=gettext_lazy("Copies"), min_value=1, max_value=10_000)
    projects = forms.IntegerField(label=gettext_lazy("Projects"), min_value=1, max_value=10_000)
    builds = forms.IntegerField(label=gettext_lazy("Builds at once"), min_value=1, max_value=10_000)

    @property
    def share(self) -> Share:
        given = self.cleaned_data
        memory = int(given["memory_gib"] * 1024) * _MIB
        return Share(memory, int(given["cores"] * 1000), given["pods"])


@dataclass(frozen=True)
class Row:
    club: Club
    bars: list[Bar]
    members: int
    projects: int
    suspended: bool


@require_GET
def clubs(request: PageRequest) -> HttpResponse:
    wanted = request.GET.get("q", "").strip()[:100]
    found = Club.objects.annotate(
        member_count=Count("memberships", distinct=True),
        project_count=Count("projects", filter=Q(projects__deleted_at=None), distinct=True),
        is_suspended=suspended("pk"),
    ).order_by("slug")
    if wanted:
        found = found.filter(Q(slug__icontains=wanted) | Q(name__icontains=wanted))
    page = Paginator(found, _ROWS).get_page(request.GET.get("page"))
    live = live_by_club()
    undo = request.session.get(_UNDO)
    context = {
        "tab": "clubs",
        "rows": [_row(club, live.get(club.pk, Share())) for club in page],
        "page": page,
        "wanted": wanted,
        "undo": undo if isinstance(undo, dict) else None,
    }
    return render(request, "web/operator/clubs.html", context)


@require_http_methods(["GET", "POST"])
@once
def budget(request: PageRequest, slug: str) -> HttpResponse:
    club = Club.objects.filter(slug=slug).first()
    if club is None:
        raise Http404(f"no club {slug}")
    before = _values(club)
    form = BudgetForm(request.POST) if request.method == "POST" else BudgetForm(initial=before)
    problem, status = None, 200
    if request.method == "POST" and form.is_valid():
        try:
            _set(request, club, form)
        except Problem as error:
            problem, status = error.explanation, error.status
        else:
            undone = "undo" in request.POST
            _remember(request, None if undone else {"slug": slug, "name": club.name, "values": before})
            said = _("%(club)s has its former budget again.") if undone else _("%(club)s has its new budget.")
            messages.success(request, said % {"club": club.name})
            return redirect("operator-clubs")
    elif request.method == "POST":
        status = 422
    live = live_by_club().get(club.pk, Share())
    context = {
        "tab": "clubs",
        "budgeted": club,
        "form": form,
        "problem": problem,
        "bars": bars(club, live=live, most=live),
    }
    return render(request, "web/operator/club_budget.html", context, status=status)


def _set(request: PageRequest, club: Club, form: BudgetForm) -> None:
    given = form.cleaned_data
    if form.share != budget_of(club):
        set_budget(by=request.by, club=club, budget=form.share)
    if (given["projects"], given["builds"]) != (club.max_projects, club.builds):
        set_limits(by=request.by, club=club, projects=given["projects"], builds=given["builds"])


def _remember(request: PageRequest, what: dict[str, Any] | None) -> None:
    if what is None:
        request.session.pop(_UNDO, None)
    else:
        request.session[_UNDO] = what


def _values(club: Club) -> dict[str, Any]:
    """As the form takes them, and a session keeps them."""
    return {
        "memory_gib": f"{club.memory_bytes / _GIB:.2f}",
        "cores": f"{club.cpu_millicores / 1000:.3f}",
        "pods": club.pods,
        "projects": club.max_projects,
        "builds": club.builds,
    }


def _row(club: Any, live: Share) -> Row:
    return Row(
        club, bars(club, live=live, most=live), club.member_count, club.project_count, club.is_suspended
    )
