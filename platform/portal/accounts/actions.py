"""What may be done to access keys."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from deployer.sentence import Sentence
from portal.accounts import audit, keys
from portal.accounts.models import AccessKey, User
from portal.accounts.principal import SCOPES, Principal
from portal.clubs.models import Club
from portal.environment import environment
from portal.plain_names import checked, in_sight
from portal.problems import invalid, not_found
from portal.projects.models import Project


@transaction.atomic
def create_key(
    *,
    by: Principal,
    club: Club,
    name: str,
    scopes: Sequence[str],
    project: Project | None = None,
    expires_at: datetime | None = None,
) -> tuple[AccessKey, str]:
    """Makes a key and gives it with its whole text, which can never be had again."""
    by.require("manage", club=club.slug)
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        raise invalid(
            "bad-scope",
            Sentence("No such scope: {scopes}.", scopes=", ".join(unknown))
            if unknown
            else "No scope is given.",
            Sentence("Use: {scopes}.", scopes=", ".join(SCOPES)),
        )
    line = in_sight(name)
    if not line or len(line) > 100:
        raise invalid("bad-name", "A key needs a name of at most 100 characters.", "Say who will use it.")
    if expires_at is not None and expires_at <= timezone.now():
        raise invalid("bad-expiry", "The key would have expired already.", "Give a later time.")
    environment().require_secrets()
    made = keys.new_key()
    key = AccessKey.objects.create(
        id=made.id,
        club=club,
        project=project,
        name=line,
        scopes=[scope for scope in SCOPES if scope in scopes],
        digest=keys.digest(made, environment().key_pepper.get_secret_value()),
        created_by=by.name,
        expires_at=expires_at,
    )
    audit.record(
        by,
        "create_key",
        club=club.slug,
        project=project.slug if project else "",
        key=key.id,
        scopes=key.scopes,
        name=key.name,
    )
    return key, made.text


@transaction.atomic
def revoke_key(*, by: Principal, club: Club, key_id: str) -> AccessKey:
    """From the commit on the key opens nothing; revoking twice is harmless."""
    by.require("manage", club=club.slug)
    key = AccessKey.objects.select_for_update().filter(club=club, id=key_id).first()
    if key is None:
        raise not_found(Sentence("key {key}", key=key_id[:16]))
    if key.revoked_at is None:
        key.revoked_at = timezone.now()
        key.save(update_fields=["revoked_at"])
        audit.record(by, "revoke_key", club=club.slug, key=key.id)
    return key


@transaction.atomic
def retire_expired_keys(*, by: Principal) -> int:
    """Notes in the audit log which keys have run out (they open nothing since); gives how many."""
    expired = AccessKey.objects.select_for_update(skip_locked=True, of=("self",)).filter(
        revoked_at=None, expires_at__lte=Now()
    )
    count = 0
    for key in expired.select_related("club"):
        AccessKey.objects.filter(pk=key.pk).update(revoked_at=F("expires_at"))
        audit.record(by, "key_expired", club=key.club.slug, key=key.id)
        count += 1
    return count


@transaction.atomic
def set_profile(*, by: Principal, user: User, name: str, language: str, theme: str) -> None:
    """What a person says of themselves; the whole name is kept as one, for not every name has two parts."""
    user.first_name, user.last_name = checked(name)[:150], ""
    user.language, user.theme = language, theme
    user.save(update_fields=["first_name", "last_name", "language", "theme"])
    audit.record(by, "set_profile", user=user.username)
