"""Invitations: sent by an owner, accepted through the mailed link, revoked."""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from deployer.errors import Explanation
from deployer.sentence import Sentence
from portal.accounts import audit
from portal.accounts.models import User
from portal.accounts.people import create_person, find_person
from portal.accounts.principal import Principal, person, platform
from portal.clubs import letters
from portal.clubs.members import require_role
from portal.clubs.models import Club, Invitation, Membership
from portal.derived import token_hash
from portal.pacing import wait_seconds
from portal.problems import Action, Limited, Problem, conflict, invalid, not_found, problem

LIFETIME = timedelta(days=7)
MOST_AN_HOUR = 30
_TOKEN_BYTES = 24  # 192 bits


@transaction.atomic
def invite(*, by: Principal, club: Club, email: str, role: str, language: str) -> Invitation:
    """Mails a link that lets somebody join; one sent to the same address before opens nothing any more."""
    by.require("own", club=club.slug)
    wanted = _checked_email(email)
    require_role(role)
    locked = Club.objects.select_for_update(no_key=True).get(pk=club.pk)
    known = find_person(wanted)
    if known is not None and Membership.objects.filter(club=locked, user=known).exists():
        raise conflict(
            "member-already",
            _("%(email)s belongs to the club already.") % {"email": wanted},
            _("Change their role in the list of members."),
        )
    wait = wait_seconds(locked.invitations.all(), "created_at", MOST_AN_HOUR, timedelta(hours=1))
    if wait is not None:
        told = Explanation(
            "too-many-invitations",
            _("Your club sent %(count)d invitations in the last hour.") % {"count": MOST_AN_HOUR},
            "",
            _("Send the others in an hour."),
        )
        raise Limited(Action.INVITE, wait, told)
    open_invitations().filter(club=locked, email=wanted).update(revoked_at=Now())
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    invitation = Invitation.objects.create(
        club=locked,
        email=wanted,
        role=role,
        language=language,
        digest=token_hash(token),
        invited_by=by.name,
        expires_at=timezone.now() + LIFETIME,
    )
    audit.record(by, "invite", club=club.slug, invitation=invitation.pk, email=wanted, role=role)
    letters.invitation(invitation, token)
    return invitation


@transaction.atomic
def revoke(*, by: Principal, club: Club, invitation_id: int) -> Invitation:
    """From the commit on its link opens nothing; revoking twice is harmless."""
    by.require("own", club=club.slug)
    invitation = Invitation.objects.select_for_update().filter(club=club, pk=invitation_id).first()
    if invitation is None:
        raise not_found(Sentence("invitation {number}", number=invitation_id))
    if invitation.accepted_at is None and invitation.revoked_at is None:
        invitation.revoked_at = timezone.now()
        invitation.save(update_fields=["revoked_at"])
        audit.record(by, "revoke_invitation", club=club.slug, invitation=invitation.pk)
    return invitation


@transaction.atomic
def accept(*, token: str, user: User, address: str) -> Membership:
    """The person joins. Who belongs to the club already keeps their role. Raises a 410 problem."""
    invitation = _take(token)
    membership, joined = Membership.objects.get_or_create(
        club=invitation.club, user=user, defaults={"role": invitation.role}
    )
    invitation.accepted_by = user
    invitation.save(update_fields=["accepted_by"])
    by = person(user.username, club=invitation.club.slug, role=membership.role).at(address)
    audit.record(
        by,
        "accept_invitation",
        club=invitation.club.slug,
        invitation=invitation.pk,
        role=membership.role,
        joined=joined,
    )
    return membership


@transaction.atomic
def accept_as_new(*, token: str, name: str, password: str, address: str) -> Membership:
    """The same for somebody without an account: it is made for the address that the invitation went to."""
    invitation = find_invitation(token)
    if invitation is None:
        raise invitation_dead()
    if find_person(invitation.email) is not None:
        raise conflict(
            "sign-in-first",
            _("There is an account for %(email)s already.") % {"email": invitation.email},
            _("Sign in, then open the invitation again."),
        )
    user = create_person(
        by=platform().at(address), email=invitation.email, name=name, language=invitation.language
    )
    user.set_password(password)
    user.save(update_fields=["password"])
    return accept(token=token, user=user, address=address)


def find_invitation(token: str) -> Invitation | None:
    """The invitation of the token, if it still opens something."""
    return open_invitations().select_related("club").filter(digest=token_hash(token)).first()


def open_invitations() -> QuerySet[Invitation]:
    """What can be accepted, by the database's clock."""
    return Invitation.objects.filter(accepted_at=None, revoked_at=None, expires_at__gt=Now())


def invitation_dead() -> Problem:
    return problem(
        410,
        "invitation-dead",
        _("This invitation was accepted already, has run out, or was taken back."),
        _("Ask an owner of the club to invite you again."),
    )


def _take(token: str) -> Invitation:
    """Accepted from the commit on."""
    found = (
        open_invitations()
        .select_for_update(of=("self",))
        .select_related("club")
        .filter(digest=token_hash(token))
        .first()
    )
    if found is None:
        raise invitation_dead()
    found.accepted_at = timezone.now()
    found.save(update_fields=["accepted_at"])
    return found


def _checked_email(email: str) -> str:
    wanted = email.strip().lower()
    try:
        validate_email(wanted)
    except ValidationError as error:
        raise invalid(
            "bad-email",
            _("%(email)s is no e-mail address.") % {"email": wanted[:80]},
            _("Write one such as mina@school.example."),
        ) from error
    return wanted
