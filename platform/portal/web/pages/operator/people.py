"""`/operator/people`: accounts, their clubs, where they are signed in; end that, disable, enable."""

from __future__ import annotations

from collections.abc import Callable

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from portal.accounts import disabling
from portal.accounts.models import User
from portal.problems import Problem
from portal.translating import in_one_line
from portal.web.pages.account.sessions import device
from portal.web.request import PageRequest

_ROWS = 50


@require_GET
def people(request: PageRequest) -> HttpResponse:
    wanted = request.GET.get("q", "").strip()[:100]
    found = User.objects.order_by("username").prefetch_related("memberships__club")
    if wanted:
        found = found.filter(
            Q(username__icontains=wanted)
            | Q(email__icontains=wanted)
            | Q(first_name__icontains=wanted)
            | Q(last_name__icontains=wanted)
        )
    page = Paginator(found, _ROWS).get_page(request.GET.get("page"))
    return render(request, "web/operator/people.html", {"tab": "people", "page": page, "wanted": wanted})


@require_GET
def one(request: PageRequest, number: int) -> HttpResponse:
    person = _find(number)
    sessions = [
        {"device": device(each.user_agent), "address": str(each.ip), "seen_at": each.last_seen_at}
        for each in UserSession.objects.filter(user=person).order_by("-last_seen_at")
    ]
    context = {
        "tab": "people",
        "person": person,
        "sessions": sessions,
        "memberships": person.memberships.select_related("club").order_by("club__slug"),
        "own": request.by.name == f"operator:{person.username}",
    }
    return render(request, "web/operator/person.html", context)


@require_POST
def end_sessions(request: PageRequest, number: int) -> HttpResponse:
    person = _find(number)

    def act() -> str:
        ended = disabling.end_sessions(by=request.by, user_id=person.pk)
        told = ngettext("Signed out of %(n)d place.", "Signed out of %(n)d places.", ended)
        return told % {"n": ended}

    return _done(request, person, act)


@require_POST
def disable(request: PageRequest, number: int) -> HttpResponse:
    person = _find(number)

    def act() -> str:
        disabling.disable_person(by=request.by, user_id=person.pk)
        return _("%(person)s is signed out and cannot sign in any more.") % {"person": person.username}

    return _done(request, person, act)


@require_POST
def enable(request: PageRequest, number: int) -> HttpResponse:
    person = _find(number)

    def act() -> str:
        disabling.enable_person(by=request.by, user_id=person.pk)
        return _("%(person)s may sign in again.") % {"person": person.username}

    return _done(request, person, act)


def _done(request: PageRequest, person: User, act: Callable[[], str]) -> HttpResponse:
    try:
        messages.success(request, act())
    except Problem as error:
        messages.error(request, in_one_line(error.explanation))
    return redirect("operator-person", person.pk)


def _find(number: int) -> User:
    person = User.objects.filter(pk=number).first()
    if person is None:
        raise Http404(f"no person {number}")
    return person
