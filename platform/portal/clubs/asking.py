"""Asking for another budget: a club's owner asks, an operator approves or declines."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from deployer.sentence import Sentence
from portal.accounts import audit
from portal.accounts.principal import Principal
from portal.clubs.actions import set_budget
from portal.clubs.budget import Share
from portal.clubs.models import BUDGET_REQUEST_STATES, BudgetRequest, BudgetRequestState, Club
from portal.problems import conflict, forbidden, invalid, not_found

TEXT_LENGTH = 1000
# More than any school's cluster has: a slip of the keyboard, not a wish.
MOST = Share(memory_bytes=1 << 42, cpu_millicores=1_000_000, pods=10_000)


@transaction.atomic
def ask_for_budget(*, by: Principal, club: Club, budget: Share, why: str) -> BudgetRequest:
    """Waits in the operators' inbox; one a club at a time."""
    by.require("own", club=club.slug)
    locked = Club.objects.select_for_update(no_key=True).get(pk=club.pk)
    _check_amounts(budget)
    present = Share(locked.memory_bytes, locked.cpu_millicores, locked.pods)
    if all(asked <= have for asked, have in zip(budget, present, strict=True)):
        raise invalid(
            "not-larger",
            Sentence("Your club has as much already: {present}.", present=present.in_words),
            "Ask for more memory, cpu or copies than that.",
        )
    reason = _checked_text(why, "Say in a sentence or two what the club needs it for.")
    try:
        with transaction.atomic():
            request = BudgetRequest.objects.create(
                club=locked,
                memory_bytes=budget.memory_bytes,
                cpu_millicores=budget.cpu_millicores,
                pods=budget.pods,
                why=reason,
                asked_by=by.name,
            )
    except IntegrityError as error:
        raise conflict(
            "already-asked",
            "Your club has asked already, and no operator has answered yet.",
            "Wait for the answer, or withdraw that request first.",
        ) from error
    audit.record(by, "ask_for_budget", club=club.slug, request=request.pk, **_amounts(budget))
    return request


@transaction.atomic
def withdraw_budget_request(*, by: Principal, club: Club, request_id: int) -> BudgetRequest:
    by.require("own", club=club.slug)
    request = _lock(request_id)
    if request.club_id != club.pk:
        raise not_found(Sentence("budget request {number}", number=request_id))
    _decide(request, BudgetRequestState.WITHDRAWN, by)
    audit.record(by, "withdraw_budget_request", club=club.slug, request=request.pk)
    return request


@transaction.atomic
def approve_budget_request(
    *, by: Principal, request_id: int, budget: Share | None = None, answer: str = ""
) -> BudgetRequest:
    """Only an operator does; `budget` instead of what was asked for."""
    _require_operator(by)
    request = _lock(request_id)
    granted = budget or request.wanted
    _check_amounts(granted)
    request.granted_memory_bytes, request.granted_cpu_millicores, request.granted_pods = granted
    request.answer = answer.strip()[:TEXT_LENGTH]
    _decide(request, BudgetRequestState.APPROVED, by)
    set_budget(by=by, club=request.club, budget=granted)
    audit.record(
        by, "approve_budget_request", club=request.club.slug, request=request.pk, **_amounts(granted)
    )
    return request


@transaction.atomic
def decline_budget_request(*, by: Principal, request_id: int, answer: str) -> BudgetRequest:
    """Only an operator does, and says why."""
    _require_operator(by)
    request = _lock(request_id)
    request.answer = _checked_text(answer, "Say why, so that the club knows what to do.")
    _decide(request, BudgetRequestState.DECLINED, by)
    audit.record(by, "decline_budget_request", club=request.club.slug, request=request.pk)
    return request


def _require_operator(by: Principal) -> None:
    if by.club is not None:
        raise forbidden("operator")


def _lock(request_id: int) -> BudgetRequest:
    """Held to the end of the transaction, so that two operators do not decide at once."""
    request = (
        BudgetRequest.objects.select_for_update(no_key=True, of=("self",))
        .select_related("club")
        .filter(pk=request_id)
        .first()
    )
    if request is None:
        raise not_found(Sentence("budget request {number}", number=request_id))
    return request


def _decide(request: BudgetRequest, state: BudgetRequestState, by: Principal) -> None:
    if request.state not in BUDGET_REQUEST_STATES.before(state):
        raise conflict(
            "already-decided",
            Sentence(
                "This request is {state} already (by {person}).",
                state=Sentence.of(request.state),
                person=request.decided_by,
            )
            if request.decided_by
            else Sentence("This request is {state} already.", state=Sentence.of(request.state)),
            "Look at the club's budget; to change it again, make a new request or set the budget itself.",
        )
    request.state = state
    request.decided_by = by.name
    request.decided_at = timezone.now()
    request.save()


def _check_amounts(budget: Share) -> None:
    if not all(0 < amount <= most for amount, most in zip(budget, MOST, strict=True)):
        raise invalid(
            "bad-budget",
            "Each part of a budget has to be more than nothing, and less than a whole school has.",
            Sentence("Give numbers up to {most}.", most=MOST.in_words),
        )


def _checked_text(text: str, hint: str) -> str:
    if not text.strip() or len(text.strip()) > TEXT_LENGTH:
        raise invalid(
            "bad-text", Sentence("A reason of at most {most} characters is missing.", most=TEXT_LENGTH), hint
        )
    return text.strip()


def _amounts(budget: Share) -> dict[str, Any]:
    return {
        "memory_bytes": budget.memory_bytes,
        "cpu_millicores": budget.cpu_millicores,
        "pods": budget.pods,
    }
