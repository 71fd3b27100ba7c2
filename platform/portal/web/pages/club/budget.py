"""`/clubs/<club>/budget`: who takes what, whether something more would fit, and how to ask for more."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from portal.clubs.asking import TEXT_LENGTH, ask_for_budget, withdraw_budget_request
from portal.clubs.budget import Demand, Share, refusal
from portal.clubs.models import BudgetRequest, Club
from portal.clubs.selectors import budget_requests_of
from portal.problems import Problem
from portal.releases.room import Use, budget_of, uses_of
from portal.translating import explained
from portal.web.once import once
from portal.web.pages.club.bars import amounts, bars
from portal.web.pages.club.changes import history
from portal.web.pages.club.fields import offer
from portal.web.refusing import with_refusal
from portal.web.request import PageRequest

_GIB = 1 << 30
_MIB = 1 << 20
_LARGEST = 12


class AskForm(forms.Form):
    """The whole budget that is wished for, not what is to be added."""

    memory_gib = forms.DecimalField(
        label=gettext_lazy("Memory in GiB"), min_value=0, max_value=4096, max_digits=7, decimal_places=2
    )
    cores = forms.DecimalField(
        label=gettext_lazy("CPU cores"), min_value=0, max_value=1000, max_digits=7, decimal_places=3
    )
    pods = forms.IntegerField(label=gettext_lazy("Copies"), min_value=1, max_value=10_000)
    why = forms.CharField(
        label=gettext_lazy("What for"),
        max_length=TEXT_LENGTH,
        help_text=gettext_lazy("A sentence or two: what the club wants to run, and for how many people."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    @property
    def share(self) -> Share:
        given = self.cleaned_data
        return Share(int(given["memory_gib"] * _GIB), int(given["cores"] * 1000), given["pods"])


class TryForm(forms.Form):
    """A release that somebody thinks of, as madang.yaml would say it."""

    project = forms.ChoiceField(label=gettext_lazy("Project"), required=False)
    replicas = forms.IntegerField(label=gettext_lazy("Copies"), min_value=1, max_value=10, initial=1)
    memory_mib = forms.IntegerField(
        label=gettext_lazy("Memory of each in MiB"), min_value=16, max_value=1 << 20, initial=256
    )
    millicores = forms.IntegerField(
        label=gettext_lazy("CPU of each in thousandths of a core"),
        min_value=10,
        max_value=64_000,
        initial=250,
    )

    def __init__(self, uses: dict[str, Use], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "project", [("", _("A new project")), *((name, name) for name in sorted(uses))])

    @property
    def share(self) -> Share:
        given = self.cleaned_data
        return Share(
            given["replicas"] * given["memory_mib"] * _MIB,
            given["replicas"] * given["millicores"],
            given["replicas"],
        )


@require_GET
def budget(request: PageRequest, club: str) -> HttpResponse:
    return _page(request, AskForm(initial=_present(request.club)))


@require_POST
@once
def ask(request: PageRequest, club: str) -> HttpResponse:
    form = AskForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    try:
        ask_for_budget(by=request.by, club=request.club, budget=form.share, why=form.cleaned_data["why"])
    except Problem as problem:
        return _page(request, form, problem)
    messages.success(request, _("The operators have been asked. The answer will stand here."))
    return redirect("club-budget", club)


@require_POST
@once
def withdraw(request: PageRequest, club: str, request_id: int) -> HttpResponse:
    try:
        withdraw_budget_request(by=request.by, club=request.club, request_id=request_id)
    except Problem as problem:
        if problem.status == 404:
            raise Http404(problem.explanation.what) from problem
        return _page(request, AskForm(initial=_present(request.club)), problem)
    messages.success(request, _("The request is withdrawn."))
    return redirect("club-budget", club)


def _present(club: Club) -> dict[str, Any]:
    return {
        "memory_gib": f"{club.memory_bytes / _GIB:g}",
        "cores": f"{club.cpu_millicores / 1000:g}",
        "pods": club.pods,
    }


def _page(
    request: PageRequest, form: AskForm, problem: Problem | None = None, status: int = 200
) -> HttpResponse:
    club = request.club
    uses = uses_of(club)
    live = sum((use.live for use in uses.values()), Share())
    most = sum((use.most for use in uses.values()), Share())
    trial = TryForm(uses, request.GET if "replicas" in request.GET else None)
    requests = budget_requests_of(club)
    shares = _shares(uses)
    context = {
        "tab": "budget",
        "bars": bars(club, live=live, most=most),
        "largest": shares[:_LARGEST],
        "smaller": shares[_LARGEST:],
        "projects": club.projects.filter(deleted_at=None).count(),
        "trial": trial,
        "verdict": _verdict(club, uses, trial) if trial.is_bound and trial.is_valid() else None,
        "waiting": _waiting(requests),
        "history": history(club, requests),
        "owns": request.by.may("own", club=club.slug),
        "form": form,
        "refused": problem.explanation if problem else None,
    }
    return with_refusal(render(request, "web/club/budget.html", context, status=status), problem)


def _waiting(requests: list[BudgetRequest]) -> dict[str, Any] | None:
    for asked in requests:
        if asked.state == "waiting":
            return {
                "pk": asked.pk,
                "amounts": amounts(asked.wanted),
                "why": asked.why,
                "created_at": asked.created_at,
            }
    return None


def _shares(uses: dict[str, Use]) -> list[dict[str, Any]]:
    """The largest first."""
    ordered = sorted(uses.items(), key=lambda item: (*(-amount for amount in item[1].most), item[0]))
    return [
        {"name": name, "amounts": amounts(use.most), "coming": use.most != use.live} for name, use in ordered
    ]


def _verdict(club: Club, uses: dict[str, Use], trial: TryForm) -> dict[str, Any]:
    """What a push of such a release would be told."""
    name = trial.cleaned_data["project"]
    demand = Demand(
        project=name or "new-project",
        wanted=trial.share,
        live=uses[name].live if name else Share(),
        others={other: use.most for other, use in uses.items() if other != name},
    )
    allowed = budget_of(club)
    taken = sum(demand.others.values(), demand.wanted)
    left = Share(*(max(limit - used, 0) for limit, used in zip(allowed, taken, strict=True)))
    refused = refusal(allowed, demand, named=True)
    return {"refusal": "\n".join(explained(refused).lines()) if refused else "", "left": amounts(left)}
