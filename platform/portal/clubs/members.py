"""Members: roles changed, members removed; a club never loses its last owner."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from deployer.sentence import Sentence
from portal.accounts import audit
from portal.accounts.models import User
from portal.accounts.principal import Principal
from portal.clubs.models import Club, Membership
from portal.clubs.models.membership import Role
from portal.problems import conflict, forbidden, invalid, not_found


@transaction.atomic
def change_role(*, by: Principal, club: Club, user: User, role: str) -> Membership:
    """Only an owner or an operator does."""
    by.require("own", club=club.slug)
    require_role(role)
    membership = _lock(club, user)
    before = membership.role
    if before != role:
        membership.role = role
        membership.save(update_fields=["role"])
        keep_an_owner(club)
        audit.record(by, "change_role", club=club.slug, user=user.username, before=before, after=role)
    return membership


@transaction.atomic
def remove_member(*, by: Principal, club: Club, user: User) -> None:
    """Only an owner or an operator does. Keys are the club's, not the person's: they stay."""
    by.require("own", club=club.slug)
    _remove(club, user)
    audit.record(by, "remove_member", club=club.slug, user=user.username)


@transaction.atomic
def leave(*, by: Principal, club: Club, user: User) -> None:
    """Everybody may leave, but the last owner."""
    if by.name != f"person:{user.username}"[:100]:
        raise forbidden("own")
    _remove(club, user)
    audit.record(by, "leave_club", club=club.slug, user=user.username)


def require_role(role: str) -> None:
    """Raises a 422 problem for a word that is none."""
    if role not in Role.values:
        raise invalid(
            "bad-role",
            Sentence("There is no role {role}.", role=repr(role)),
            Sentence("Use one of: {roles}.", roles=", ".join(Role.values)),
        )


def keep_an_owner(club: Club) -> None:
    """Raises a 409 problem if nobody who can sign in owns the club; the caller holds the club's row."""
    owners = Membership.objects.filter(club=club, role=Role.OWNER, user__is_active=True)
    if not owners.exists():
        raise conflict(
            "last-owner",
            _("%(club)s would have no owner any more.") % {"club": club.name},
            _("Make somebody else an owner first."),
        )


def _remove(club: Club, user: User) -> None:
    membership = _lock(club, user)
    owned = membership.role == Role.OWNER
    membership.delete()
    if owned:
        keep_an_owner(club)


def _lock(club: Club, user: User) -> Membership:
    """The membership; the club's row is held, so that two owners do not leave at once."""
    Club.objects.select_for_update(no_key=True).get(pk=club.pk)
    found = Membership.objects.filter(club=club, user=user).first()
    if found is None:
        raise not_found(Sentence("member {user} of {club}", user=user.username, club=club.slug))
    return found
