"""What operators decide: approve with a budget, decline with a reason, reopen; and a link sent once more."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from portal.accounts import audit
from portal.accounts.links import make_link
from portal.accounts.models import User
from portal.accounts.people import create_person, find_person
from portal.accounts.principal import Principal
from portal.clubs.actions import add_member, create_club, set_budget
from portal.clubs.limits import set_limits
from portal.clubs.models.membership import Role
from portal.problems import Problem, conflict, forbidden, invalid
from portal.signups import letters
from portal.signups.actions import enter, enter_waiting, lock
from portal.signups.grants import Grant
from portal.signups.models import SIGNUP_STATES, SignupRequest, SignupState

REASON_LENGTH = 1000


@transaction.atomic
def approve(*, by: Principal, request_id: int, grant: Grant) -> SignupRequest:
    """Makes the club, its budget, its owner, and the one-time link that they are mailed: all or nothing."""
    request = _lock_for(by, request_id, SignupState.APPROVED)
    request.club = create_club(by=by, slug=request.slug, name=request.club_name)
    set_budget(by=by, club=request.club, budget=grant.share)
    set_limits(by=by, club=request.club, projects=grant.projects, builds=grant.builds)
    owner = find_person(request.email) or create_person(
        by=by, email=request.email, name=request.person, language=request.language
    )
    add_member(by=by, club=request.club, username=owner.username, role=Role.OWNER)
    enter(request, SignupState.APPROVED, by=by)
    audit.record(by, "approve_signup", club=request.slug, request=request.pk, owner=owner.username)
    _send_link(by, request, owner)
    return request


@transaction.atomic
def decline(*, by: Principal, request_id: int, reason: str) -> SignupRequest:
    """Says why, so that the applicant can amend it."""
    request = _lock_for(by, request_id, SignupState.DECLINED)
    if not reason.strip() or len(reason.strip()) > REASON_LENGTH:
        raise invalid(
            "bad-reason",
            _("A reason of at most %(most)d characters is missing.") % {"most": REASON_LENGTH},
            _("Say why, so that the club knows what to change."),
        )
    request.reason = reason.strip()
    enter(request, SignupState.DECLINED, by=by)
    audit.record(by, "decline_signup", club=request.slug, request=request.pk, reason=request.reason)
    letters.declined(request)
    return request


@transaction.atomic
def reopen(*, by: Principal, request_id: int) -> SignupRequest:
    """Takes a decline back: the request waits again as it was."""
    request = _lock_for(by, request_id, SignupState.WAITING)
    if not enter_waiting(request):
        raise conflict(
            "name-taken",
            _("Its name was taken meanwhile, or another application of the same e-mail address waits."),
            _("The applicant can choose another name on the page of the application."),
        )
    request.reason = ""
    request.save(update_fields=["reason"])
    audit.record(by, "reopen_signup", club=request.slug, request=request.pk)
    return request


@transaction.atomic
def send_link_again(*, by: Principal, request_id: int) -> SignupRequest:
    """For an owner who lost the mail or let the link run out; the link before opens nothing any more."""
    _require_operator(by)
    request = lock(request_id)
    owner = find_person(request.email)
    if request.state != SignupState.APPROVED or request.club is None or owner is None:
        raise conflict(
            "no-link-to-send",
            _("There is no club or no owner to send a link to."),
            _("Look at the state of the application."),
        )
    audit.record(by, "send_link_again", club=request.slug, request=request.pk)
    _send_link(by, request, owner)
    return request


def _send_link(by: Principal, request: SignupRequest, owner: User) -> None:
    _, token = make_link(by=by, user=owner, club=request.club)
    letters.approved(request, token)


def _lock_for(by: Principal, request_id: int, state: SignupState) -> SignupRequest:
    """The row, if it may go to that state; two operators do not decide at once."""
    _require_operator(by)
    request = lock(request_id)
    if request.state not in SIGNUP_STATES.before(state) or request.confirmed_at is None:
        raise _decided(request)
    return request


def _decided(request: SignupRequest) -> Problem:
    return conflict(
        "already-decided",
        _("This application cannot be decided so: it is %(state)s.") % {"state": request.get_state_display()},
        _("Look at it again: somebody else may have decided, or the applicant may have changed it."),
        request.decided_by,
    )


def _require_operator(by: Principal) -> None:
    if by.club is not None:
        raise forbidden("operator")
