"""How many applications one place and one e-mail address may send."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Value
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from portal.problems import problem
from portal.signups.models import SignupRequest

WITHIN = timedelta(hours=1)
# A whole school may sit behind one address.
MOST_AN_ADDRESS = 20
MOST_AN_EMAIL = 3


def require_patience(address: str) -> None:
    """Raises a 429 problem once too many applications came from there."""
    recent = SignupRequest.objects.filter(address=address, created_at__gt=Now() - Value(WITHIN))
    if recent.count() >= MOST_AN_ADDRESS:
        raise problem(
            429,
            "too-many-applications",
            _("Too many applications came from your network in the last hour."),
            _("Nothing is lost: leave this page open and send the form again later."),
        )


def is_tired(email: str) -> bool:
    """Whether so many were made for this e-mail address that it gets no more mail for now.

    Nobody is told: else the form would say who has applied.
    """
    recent = SignupRequest.objects.filter(email=email, created_at__gt=Now() - Value(WITHIN))
    return recent.count() >= MOST_AN_EMAIL
