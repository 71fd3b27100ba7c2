"""`/operator`: what waits for an operator, and what is not as it should be."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from deployer.errors import Explanation
from portal.clubs.models import BudgetRequest
from portal.clubs.selectors import budget_requests_waiting
from portal.fleet import live
from portal.releases.room import budget_of
from portal.signups import selectors as signups
from portal.web.pages.club.bars import amounts
from portal.web.pages.operator.alerts import alerts
from portal.web.request import PageRequest

# A page does not wait for a cluster that is away.
_PATIENCE_SECONDS = 2.0
_SHOWN = 20


@dataclass(frozen=True)
class Wish:
    """A club's request with what it has and what it asks for, as people read them."""

    request: BudgetRequest
    present: tuple[str, ...]
    wanted: tuple[str, ...]


@require_GET
def inbox(request: PageRequest) -> HttpResponse:
    """The page; asked by htmx, what waits alone, or nothing while that is what its reader has `seen`."""
    if not request.htmx:
        return page(request)
    waiting = _waiting()
    if waiting["seen"] == request.GET.get("seen"):
        # To htmx this leaves everything as it is: what is being typed, and where the focus is.
        return HttpResponse(status=204)
    return render(request, "web/operator/inbox_told.html", waiting)


def page(
    request: PageRequest,
    *,
    problem: Explanation | None = None,
    refused: int | None = None,
    answer: str = "",
    status: int = 200,
) -> HttpResponse:
    """The inbox; a refused decision comes back with what was typed (`answer`, to the request `refused`)."""
    context = {
        **_waiting(),
        "tab": "inbox",
        "problem": problem,
        "refused": refused,
        "answer": answer,
    }
    return render(request, "web/operator/inbox.html", context, status=status)


def _waiting() -> dict[str, Any]:
    """Everything that waits; `seen` names it as it is now."""
    waiting = signups.waiting()
    shown, more = list(waiting[:_SHOWN]), max(0, waiting.count() - _SHOWN)
    wishes = [
        Wish(each, amounts(budget_of(each.club)), amounts(each.wanted)) for each in budget_requests_waiting()
    ]
    found = alerts(live.look(_PATIENCE_SECONDS))
    version = (
        [(each.pk, each.state_since) for each in shown],
        more,
        [(each.request.pk, each.present) for each in wishes],
        found,
    )
    return {
        "signups": shown,
        "more_signups": more,
        "wishes": wishes,
        "alerts": found,
        "seen": hashlib.sha256(repr(version).encode()).hexdigest()[:16],
    }
