"""One-time links: made, found, used up."""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.accounts import audit
from portal.accounts.models import OneTimeLink, User
from portal.accounts.principal import Principal
from portal.clubs.models import Club
from portal.derived import token_hash
from portal.problems import Problem, forbidden, problem
from portal.public_address import public_address

LIFETIME = timedelta(days=7)
_TOKEN_BYTES = 24  # 192 bits


@transaction.atomic
def make_link(*, by: Principal, user: User, club: Club | None = None) -> tuple[OneTimeLink, str]:
    """A link and its token, which can never be had again; links before it for the same open nothing more.

    Only an operator makes them.
    """
    if by.club is not None:
        raise forbidden("operator")
    _open().filter(user=user, club=club).update(revoked_at=Now())
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    link = OneTimeLink.objects.create(
        user=user,
        club=club,
        digest=token_hash(token),
        created_by=by.name,
        expires_at=timezone.now() + LIFETIME,
    )
    audit.record(by, "make_one_time_link", club=club.slug if club else "", user=user.username, link=link.pk)
    return link, token


def find_link(token: str) -> OneTimeLink | None:
    """The link of the token, if it still opens something."""
    return _usable().select_related("user", "club").filter(digest=token_hash(token)).first()


def use_up(token: str) -> OneTimeLink:
    """The link, used from the transaction's commit on. Raises a 410 problem if it opens nothing."""
    found = _usable().select_for_update(of=("self",)).filter(digest=token_hash(token)).first()
    if found is None:
        raise link_dead()
    OneTimeLink.objects.filter(pk=found.pk).update(used_at=Now())
    return found


def link_dead() -> Problem:
    return problem(
        410,
        "link-dead",
        _("This link was used already, has run out, or was replaced by a newer one."),
        _("If you chose a password, sign in. Else ask the operator to send you a new link."),
    )


def address_of(token: str) -> str:
    """Where the link leads."""
    return public_address("apply-welcome", token)


def _open() -> QuerySet[OneTimeLink]:
    """By the database's clock."""
    lives = Q(used_at=None, revoked_at=None, expires_at__gt=Now())
    return OneTimeLink.objects.filter(lives)


def _usable() -> QuerySet[OneTimeLink]:
    """An account that an operator has disabled is not entered by a link, nor does it get a key."""
    return _open().filter(user__is_active=True)
