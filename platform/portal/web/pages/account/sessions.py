"""`/account/sessions`: where a person is signed in; each can be ended from any other."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from portal.web.request import PageRequest

# The first that fits: Edge and Chrome's kin name themselves beside Chrome, Chrome beside Safari.
_BROWSERS = {
    "Edg": "Edge",
    "OPR": "Opera",
    "SamsungBrowser": "Samsung Internet",
    "Whale": "Whale",
    "Firefox": "Firefox",
    "Chrome": "Chrome",
    "CriOS": "Chrome",
    "Safari": "Safari",
}
_SYSTEMS = {
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "CrOS": "ChromeOS",
    "Windows": "Windows",
    "Mac OS X": "macOS",
    "Linux": "Linux",
}


@dataclass(frozen=True)
class Session:
    """One place where the person is signed in."""

    pk: int
    device: str
    address: str
    begun_at: datetime
    seen_at: datetime
    is_current: bool


@require_http_methods(["GET", "POST"])
def sessions(request: PageRequest) -> HttpResponse:
    alive = UserSession.objects.purge_and_list(request.user)
    if request.method == "POST":
        _end(request, alive, request.POST.get("end", ""))
        return redirect("account-sessions")
    known = sorted(
        (_told(each) for each in alive), key=lambda one: (not one.is_current, -one.seen_at.timestamp())
    )
    return render(request, "web/account/sessions.html", {"sessions": known})


def device(user_agent: str) -> str:
    """A browser and its system in words, as far as they say who they are."""
    browser = next((name for word, name in _BROWSERS.items() if f"{word}/" in user_agent), "")
    system = next((name for word, name in _SYSTEMS.items() if word in user_agent), "")
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system or re.sub(r"[^\x20-\x7e]", "", user_agent)[:60] or _("An unknown browser")


def _end(request: PageRequest, alive: list[UserSession], which: str) -> None:
    ended = [each for each in alive if not each.is_current() and which in {"others", str(each.pk)}]
    for each in ended:
        each.end()
    if ended:
        messages.success(request, _("Ended."))


def _told(session: UserSession) -> Session:
    return Session(
        session.pk,
        device(session.user_agent),
        str(session.ip),
        session.created_at,
        session.last_seen_at,
        session.is_current(),
    )
