"""Reads of accounts: who is behind a key."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from portal.accounts import keys
from portal.accounts.models import AccessKey
from portal.accounts.principal import Principal
from portal.clubs.selectors import suspension_of
from portal.derived import same
from portal.environment import environment

# One write a minute and key tells enough about its use.
_LAST_USED_STEP = timedelta(seconds=60)


def authenticate(token: str) -> Principal | None:
    """The principal of a key, or None if it is mistyped, unknown, expired or revoked; notes its use.

    A suspended club's keys are for reading alone.
    """
    given = keys.parse(token)
    if given is None:
        return None
    environment().require_secrets()
    pepper = environment().key_pepper.get_secret_value()
    digest = keys.digest(given, pepper)
    key = valid_keys().select_related("club", "project").filter(id=given.id).first()
    if not same(digest, key.digest if key else "0" * 64) or key is None:
        return None
    if key.project is not None and key.project.deleted_at is not None:
        return None
    suspension = suspension_of(key.club)
    now = timezone.now()
    AccessKey.objects.filter(id=key.id).filter(
        Q(last_used_at=None) | Q(last_used_at__lt=now - _LAST_USED_STEP)
    ).update(last_used_at=now)
    return Principal(
        name=f"key:{key.id}",
        club=key.club.slug,
        project=key.project.slug if key.project else None,
        scopes=frozenset(key.scopes),
        key_id=key.id,
        barred=suspension.explanation if suspension else None,
    )


def still_valid(by: Principal) -> bool:
    """Whether the key that `by` came with opens anything yet: a request may last for half an hour. Who came
    without one did so otherwise."""
    return by.key_id is None or valid_keys().filter(id=by.key_id).exists()


def valid_keys() -> QuerySet[AccessKey]:
    """Keys that are neither revoked nor expired, by the database's clock."""
    return AccessKey.objects.filter(revoked_at=None).filter(Q(expires_at=None) | Q(expires_at__gt=Now()))
