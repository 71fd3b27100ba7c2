"""The gate: no view runs before the table of `permissions` has let its caller in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth import get_user
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils import timezone
from django.utils.deprecation import MiddlewareMixin
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect

from portal.accounts.models import User
from portal.accounts.principal import Principal, operator, person
from portal.clubs.models import Club, Membership
from portal.web.origin import SAFE_METHODS, page_of
from portal.web.permissions import ROLES, Access, access
from portal.web.request import PageRequest

_SEEN_SECONDS = 300
_OPEN = {Access.PUBLIC, Access.SIGNED, Access.KEY}


class Gate(MiddlewareMixin):
    """Sets `by`, and `club` and `role` where the route names a club.

    A stranger is sent to sign in; what they may not see is not there (404), what they may see but not do is
    refused (403). A route that the table does not know is not there for anybody.
    """

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: dict[str, Any]
    ) -> HttpResponseBase | None:
        match = request.resolver_match
        wanted = access(match.view_name) if match else None
        if wanted is None:
            raise Http404("no such page")
        if wanted in _OPEN:
            return None
        user = request.user
        if not isinstance(user, User):
            return _to_sign_in(request)
        _admit(cast("PageRequest", request), user, wanted, kwargs.get("club"))
        _note_use(request)
        return None


def still_admits(request: HttpRequest) -> bool:
    """Whether a request that was let in would be let in again: its session may have ended since, or its
    person's place in the club."""
    match = request.resolver_match
    wanted = access(match.view_name) if match else None
    again = HttpRequest()
    again.META, again.session = request.META, type(request.session)(request.session.session_key)
    user = get_user(again)
    if match is None or wanted is None or not isinstance(user, User):
        return False
    try:
        _admit(cast("PageRequest", again), user, wanted, match.kwargs.get("club"))
    except (Http404, PermissionDenied):
        return False
    return True


def is_operator(user: User) -> bool:
    """Whether the person runs the platform."""
    return user.is_active and user.is_superuser


def _to_sign_in(request: HttpRequest) -> HttpResponseBase:
    """And then back to the page that they were on: with what they sent not done, and the page as a whole
    where htmx wanted a part of it."""
    if request.method not in SAFE_METHODS:
        messages.warning(
            request,
            _("You are not signed in any more, so nothing was changed. Sign in, and send the form again."),
        )
    to_sign_in = redirect_to_login(page_of(request))
    return HttpResponseClientRedirect(to_sign_in.url) if getattr(request, "htmx", False) else to_sign_in


def _admit(request: PageRequest, user: User, wanted: Access, slug: str | None) -> None:
    runs = is_operator(user)
    if wanted is Access.OPERATOR and not runs:
        raise Http404("no such page")
    if slug is None:
        if wanted in ROLES:
            raise Http404("a club's page without a club")
        request.by = _seen(operator(user.username) if runs else person(user.username), request)
        return
    club, role = _place(user, slug, runs)
    request.club, request.role = club, role
    request.by = _seen(
        operator(user.username) if runs else person(user.username, club=club.slug, role=role), request
    )
    if wanted in ROLES and role not in ROLES[wanted]:
        raise PermissionDenied(wanted.value)


def _place(user: User, slug: str, runs: bool) -> tuple[Club, str]:
    """The club and the person's role in it, in one query."""
    if runs:
        club = Club.objects.filter(slug=slug).first()
        if club is None:
            raise Http404(f"no club {slug}")
        return club, "operator"
    membership = Membership.objects.select_related("club").filter(user=user, club__slug=slug).first()
    if membership is None:
        raise Http404(f"no club {slug}")
    return membership.club, membership.role


def _note_use(request: HttpRequest) -> None:
    """For the list of sessions; one write in five minutes is enough."""
    now = timezone.now()
    if now.timestamp() - request.session.get("seen", 0) < _SEEN_SECONDS:
        return
    request.session["seen"] = now.timestamp()
    known = UserSession.objects.filter(session_key=request.session.session_key)
    if not known.update(last_seen_at=now):
        UserSession.objects.create_from_request(request)


def _seen(by: Principal, request: HttpRequest) -> Principal:
    return by.at(str(request.META.get("REMOTE_ADDR", ""))[:64])
