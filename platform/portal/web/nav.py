"""What every page's bars show: the person, their clubs, the languages, and the way back here."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from portal.accounts.models import User
from portal.accounts.models.user import Theme
from portal.clubs.models import Membership, Suspension
from portal.clubs.selectors import suspension_of
from portal.web.gate import is_operator
from portal.web.origin import page_of
from portal.web.pages.front.preferences import THEME_COOKIE


def nav(request: HttpRequest) -> dict[str, Any]:
    """Context processor. `nav.memberships` and `nav.suspension` cost a query only where a template asks."""
    user = getattr(request, "user", None)
    known = user if isinstance(user, User) else None
    return {
        "nav": {
            "person": known,
            "operator": known is not None and is_operator(known),
            "club": getattr(request, "club", None),
            "suspension": SimpleLazyObject(lambda: _suspension(request)),
            "role": getattr(request, "role", ""),
            "memberships": SimpleLazyObject(lambda: _memberships(known)),
            "here": page_of(request),
            "theme": known.theme if known else _theme(request),
        }
    }


def _suspension(request: HttpRequest) -> Suspension | None:
    club = getattr(request, "club", None)
    return suspension_of(club) if club is not None else None


def _theme(request: HttpRequest) -> str:
    wished = request.COOKIES.get(THEME_COOKIE, "")
    return wished if wished in Theme.values else Theme.SYSTEM.value


def _memberships(user: User | None) -> list[Membership]:
    if user is None:
        return []
    return list(user.memberships.select_related("club").order_by("club__name"))
