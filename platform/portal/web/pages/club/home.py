"""`/clubs/<club>`: the projects as cards, the budget, the people, and what happened last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from portal.accounts import trail
from portal.clubs.budget import Share
from portal.clubs.models import Club
from portal.environment import environment
from portal.releases.overview import SORTS, STATES, Overview, Wanted, overview
from portal.releases.room import uses_of
from portal.web.git_push import add_remote, push
from portal.web.pages.club.bars import Bar, bars
from portal.web.pages.club.charts import bars_of
from portal.web.pages.club.new import ProjectForm
from portal.web.pages.club.people import people
from portal.web.pages.club.words import events
from portal.web.request import PageRequest

_EVENTS = 8
_FACES = 12
# Fewer are seen at a glance.
_SEARCHABLE_FROM = 7


@dataclass(frozen=True)
class Link:
    """A choice in the list's head; `href` keeps the other choices."""

    label: str
    href: str
    chosen: bool
    count: int | None = None


@require_GET
def home(request: PageRequest, club: str) -> HttpResponse:
    wanted = _wanted(request.GET)
    found = overview(request.club, wanted)
    context = _projects(request.club, wanted, found)
    if request.htmx and not request.htmx.boosted:
        return render(request, "web/club/projects.html", context)
    members = people(request.club)
    context |= {
        "tab": "projects",
        "may_create": request.by.may("manage", club=request.club.slug),
        "bars": _bars(request.club),
        "members": members[:_FACES],
        "members_more": max(len(members) - _FACES, 0),
        "members_total": len(members),
        "events": events(
            trail.page(
                trail.Sought(club=request.club.slug, since=request.club.created_at), limit=_EVENTS
            ).entries
        ),
        "form": ProjectForm(),
        "first_push": f"{add_remote(environment().git_url, request.club.slug, 'my-project')}\n{push()}",
    }
    return render(request, "web/club/home.html", context)


def _wanted(given: Any) -> Wanted:
    """What the address asks for; nonsense is as if it were not there."""
    sort, state, page = given.get("sort", ""), given.get("state", ""), given.get("page", "")
    number = int(page) if page.isascii() and page.isdecimal() and len(page) < 6 else 1
    return Wanted(
        search=given.get("q", "").strip().replace("\0", "")[:40],
        state=state if state in STATES else "",
        sort=sort if sort in SORTS else SORTS[0],
        first=max(number - 1, 0) * Wanted.most,
    )


def _projects(club: Club, wanted: Wanted, found: Overview) -> dict[str, Any]:
    def href(**changed: Any) -> str:
        chosen = {"q": wanted.search, "state": wanted.state, "sort": wanted.sort} | changed
        kept = {key: value for key, value in chosen.items() if value and (key, value) != ("sort", SORTS[0])}
        return f"?{urlencode(kept)}"

    page = wanted.first // wanted.most + 1
    last = wanted.first + len(found.cards)
    return {
        "cards": [(card, bars_of(card.deploys)) for card in found.cards],
        "overview": found,
        "wanted": wanted,
        "searchable": found.total >= _SEARCHABLE_FROM,
        "states": [
            Link(_("All"), href(state=""), not wanted.state, found.total),
            *(
                Link(name, href(state=state), wanted.state == state, found.counts[state])
                for state, name in state_names().items()
                if found.counts[state] or wanted.state == state
            ),
        ],
        "sorts": list(sort_names().items()),
        "earlier": href(page=page - 1) if wanted.first else "",
        "later": href(page=page + 1) if last < found.matching else "",
        "from_number": wanted.first + 1,
        "to_number": last,
    }


def _bars(club: Club) -> list[Bar]:
    uses = uses_of(club).values()
    return bars(
        club,
        live=sum((use.live for use in uses), Share()),
        most=sum((use.most for use in uses), Share()),
    )


def state_names() -> dict[str, str]:
    return {
        "live": _("Live"),
        "deploying": _("Deploying"),
        "down": _("Down"),
        "unchecked": _("Not checked"),
        "suspended": _("Suspended"),
        "failed": _("Failed"),
        "empty": _("Nothing pushed yet"),
    }


def sort_names() -> dict[str, str]:
    return {
        "name": _("By name"),
        "recent": _("Last deploy first"),
        "attention": _("What needs attention first"),
    }
