"""Reads of clubs."""

from __future__ import annotations

from django.db.models import Exists, OuterRef

from deployer.sentence import Sentence
from portal.accounts.principal import Principal, Scope
from portal.clubs.models import BudgetRequest, BudgetRequestState, Club, Suspension
from portal.problems import not_found


def get(by: Principal, slug: str, scope: Scope = "read") -> Club:
    """The club as a whole, if it is there and `by` may; raises a 404 or 403 problem."""
    by.require(scope, club=slug)
    club = Club.objects.filter(slug=slug).first()
    if club is None:
        raise not_found(Sentence("club {slug}", slug=slug))
    return club


def suspension_of(club: Club) -> Suspension | None:
    """The one that lasts."""
    return Suspension.objects.select_related("club").filter(club=club, ended_at=None).first()


def suspended(club: str = "club") -> Exists:
    """A condition on rows with a club at `club`: whether it is suspended."""
    return Exists(Suspension.objects.filter(club=OuterRef(club), ended_at=None))


def budget_requests_waiting() -> list[BudgetRequest]:
    """What operators have to answer, the longest wait first."""
    waiting = BudgetRequest.objects.filter(state=BudgetRequestState.WAITING)
    return list(waiting.select_related("club").order_by("id"))


def budget_requests_of(club: Club, limit: int = 20) -> list[BudgetRequest]:
    """Newest first."""
    return list(BudgetRequest.objects.filter(club=club).order_by("-id")[:limit])
