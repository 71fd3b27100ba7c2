"""Reads of clubs."""

from __future__ import annotations

from deployer.sentence import Sentence
from portal.accounts.principal import Principal, Scope
from portal.clubs.models import BudgetRequest, BudgetRequestState, Club
from portal.problems import not_found


def get(by: Principal, slug: str, scope: Scope = "read") -> Club:
    """The club as a whole, if it is there and `by` may; raises a 404 or 403 problem."""
    by.require(scope, club=slug)
    club = Club.objects.filter(slug=slug).first()
    if club is None:
        raise not_found(Sentence("club {slug}", slug=slug))
    return club


def budget_requests_waiting() -> list[BudgetRequest]:
    """What operators have to answer, the longest wait first."""
    waiting = BudgetRequest.objects.filter(state=BudgetRequestState.WAITING)
    return list(waiting.select_related("club").order_by("id"))


def budget_requests_of(club: Club, limit: int = 20) -> list[BudgetRequest]:
    """Newest first."""
    return list(BudgetRequest.objects.filter(club=club).order_by("-id")[:limit])
