"""Suspending a club, and the way back: its projects stand still until an operator resumes it.

The action only writes down that it is so, under the club's row; from then on nothing new is let in.
`portal.releases.halting` ends what is on its way, and a worker brings the copies to zero and back.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models.functions import Now

from deployer.sentence import Sentence
from portal.accounts import audit
from portal.accounts.principal import Principal
from portal.clubs import letters
from portal.clubs.models import Club, Suspension
from portal.clubs.selectors import suspension_of
from portal.nudge import nudge_events, nudge_halting
from portal.problems import Problem, conflict, forbidden, invalid, not_found

WHY_LENGTH = 500


@transaction.atomic
def suspend_club(*, by: Principal, club: Club, why: str) -> Suspension:
    """Only an operator does, and says why; its owners are written. Nothing of its data is lost."""
    locked = _lock(by, club)
    why = " ".join(why.split())
    if not why or len(why) > WHY_LENGTH:
        raise invalid(
            "why-missing",
            "Everybody in the club reads why it is suspended.",
            Sentence("Give a reason of at most {most} characters.", most=WHY_LENGTH),
        )
    lasting = suspension_of(locked)
    if lasting is not None:
        raise conflict(
            "already-suspended",
            Sentence("{club} is suspended already.", club=locked.name),
            "Nothing is to be done.",
            lasting.explanation.evidence,
        )
    suspension = Suspension.objects.create(club=locked, why=why, begun_by=by.name)
    letters.suspended(suspension)
    audit.record(by, "suspend_club", club=locked.slug, suspension=suspension.pk, why=why)
    _nudge()
    return suspension


@transaction.atomic
def resume_club(*, by: Principal, club: Club) -> Suspension:
    """What was live comes back as it was; what was cancelled is pushed, or built again, by its people."""
    locked = _lock(by, club)
    suspension = suspension_of(locked)
    if suspension is None:
        raise conflict(
            "not-suspended",
            Sentence("{club} is not suspended.", club=locked.name),
            "Nothing is to be done.",
        )
    Suspension.objects.filter(pk=suspension.pk).update(ended_by=by.name, ended_at=Now())
    suspension.refresh_from_db()
    letters.resumed(suspension)
    audit.record(by, "resume_club", club=locked.slug, suspension=suspension.pk)
    _nudge()
    return suspension


def require_not_suspended(club: Club) -> None:
    """Raises a 409 problem for a club that may not deploy; inside a transaction that holds its row."""
    suspension = suspension_of(club)
    if suspension is not None:
        raise Problem(409, suspension.explanation)


def _lock(by: Principal, club: Club) -> Club:
    if by.club is not None:
        raise forbidden("operator")
    locked = Club.objects.select_for_update(no_key=True).filter(pk=club.pk).first()
    if locked is None:
        raise not_found(Sentence("club {club}", club=club.slug))
    return locked


def _nudge() -> None:
    transaction.on_commit(nudge_halting)
    transaction.on_commit(nudge_events)
