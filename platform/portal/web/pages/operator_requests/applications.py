"""`/operator/requests`: what waits, what was decided, and one of them whole."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from deployer.errors import Explanation
from portal.accounts.models import OneTimeLink
from portal.problems import Problem
from portal.signups import selectors
from portal.signups.grants import PRESETS
from portal.signups.models import SignupRequest, SignupState
from portal.web.pages.operator_requests.forms import DeclineForm, GrantForm, presets, values_of
from portal.web.request import PageRequest

_A_PAGE = 50


@require_GET
def waiting(request: PageRequest) -> HttpResponse:
    decided = Paginator(selectors.decided(), _A_PAGE).get_page(request.GET.get("page"))
    context = {
        "tab": "inbox",
        "waiting": selectors.waiting(),
        "decided": decided,
        "states": SignupState,
    }
    return render(request, "web/operator_requests/list.html", context)


@require_GET
def one(request: PageRequest, number: int) -> HttpResponse:
    signup = find(number)
    chosen = request.GET.get("preset", signup.size)
    grant = GrantForm(initial=values_of(PRESETS.get(chosen, PRESETS["small"])))
    return page(request, signup, grant=grant, preset=chosen)


def page(
    request: PageRequest,
    signup: SignupRequest,
    *,
    grant: GrantForm,
    decline: DeclineForm | None = None,
    preset: str = "",
    problem: Explanation | None = None,
    status: int = 200,
) -> HttpResponse:
    """One application with what can be done to it; a refused decision comes back with what was typed."""
    link = None
    if signup.club is not None:
        link = OneTimeLink.objects.filter(club=signup.club, user__email=signup.email).first()
    context = {
        "tab": "inbox",
        "signup": signup,
        "states": SignupState,
        "grant": grant,
        "decline": decline or DeclineForm(),
        "presets": presets(),
        "preset": preset,
        "problem": problem,
        "link": link,
        # A card's "approve" or "decline" leads to what does it.
        "focus": request.GET.get("focus", ""),
        "waiting": selectors.waiting().exclude(pk=signup.pk).count(),
    }
    return render(request, "web/operator_requests/one.html", context, status=status)


def find(number: int) -> SignupRequest:
    """Raises Http404."""
    try:
        return selectors.get(number)
    except Problem as error:
        raise Http404(f"no application {number}") from error
