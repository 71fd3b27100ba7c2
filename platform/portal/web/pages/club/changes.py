"""What became of a club's budget, for its timeline."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from portal.accounts.actors import actors
from portal.accounts.models import AuditEntry
from portal.clubs.models import BudgetRequest, Club
from portal.web.pages.club.bars import amounts, budget_after
from portal.web.pages.club.words import called

_CHANGES = 20
_KINDS = {"approved": "success", "declined": "error"}


@dataclass(frozen=True)
class Change:
    """One point of the timeline."""

    at: datetime
    title: str
    kind: str
    text: str = ""


def history(club: Club, requests: list[BudgetRequest]) -> list[Change]:
    """Changes of the budget and answered requests, newest first."""
    changes = list(
        AuditEntry.objects.filter(club=club.slug, action="set_budget", at__gte=club.created_at)[:_CHANGES]
    )
    decided = [asked for asked in requests if asked.decided_at]
    known = actors([*(entry.actor for entry in changes), *(asked.decided_by for asked in decided)])
    events = [
        Change(
            entry.at,
            _("%(who)s set the budget to %(budget)s")
            % {"who": called(known[entry.actor]), "budget": budget_after(entry.detail)},
            "info",
        )
        for entry in changes
    ]
    for asked in decided:
        told = {"who": called(known[asked.decided_by]), "budget": ", ".join(amounts(asked.wanted))}
        at = asked.decided_at or asked.created_at
        events.append(
            Change(at, _titles()[asked.state] % told, _KINDS.get(asked.state, "neutral"), asked.answer)
        )
    return sorted(events, key=lambda event: event.at, reverse=True)[:_CHANGES]


def _titles() -> dict[str, str]:
    return {
        "approved": _("%(who)s approved the request for %(budget)s"),
        "declined": _("%(who)s declined the request for %(budget)s"),
        "withdrawn": _("%(who)s withdrew the request for %(budget)s"),
    }
