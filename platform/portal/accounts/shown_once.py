"""Secrets that a form makes and the page after it shows, to one person, once.

The page is the answer of a GET, so a reload repeats nothing; and what was shown is gone, so it shows nothing.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Now

from portal.accounts.models import ShownOnce, User
from portal.encryption import decrypt, encrypt

# A browser follows its redirect within seconds.
LIFETIME = timedelta(minutes=10)


def keep(user: User, about: str, secret: str) -> None:
    """Call it in the transaction that makes the secret."""
    ShownOnce.objects.create(user=user, about=about, encrypted=encrypt(secret))


@transaction.atomic
def take(user: User, about: str) -> str | None:
    """The secret, once; None: it was shown already, or nobody came for it in time."""
    waiting = ShownOnce.objects.filter(user=user, about=about, created_at__gt=Now() - Value(LIFETIME))
    found = waiting.select_for_update(of=("self",)).first()
    if found is None:
        return None
    found.delete()
    return decrypt(found.encrypted)


def forget() -> None:
    """Secrets that nobody came for."""
    ShownOnce.objects.filter(created_at__lte=Now() - Value(LIFETIME)).delete()
