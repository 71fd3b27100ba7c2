"""How many applications one place and one e-mail address may send."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Value
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from deployer.errors import Explanation
from portal.pacing import one_after_another, wait_seconds
from portal.problems import Action, Limited
from portal.signups.models import SignupRequest

WITHIN = timedelta(hours=1)
# A whole school may sit behind one address.
MOST_AN_ADDRESS = 20
MOST_AN_EMAIL = 3


def require_patience(address: str) -> None:
    """Raises Limited once too many applications came from there. In the transaction that keeps one more."""
    one_after_another("applications from", address)
    wait = wait_seconds(SignupRequest.objects.filter(address=address), "created_at", MOST_AN_ADDRESS, WITHIN)
    if wait is not None:
        told = Explanation(
            "too-many-applications",
            _("Too many applications came from your network in the last hour."),
            "",
            _("Nothing is lost: leave this page open and send the form again later."),
        )
        raise Limited(Action.APPLY, wait, told)


def is_tired(email: str) -> bool:
    """Whether so many were made for this e-mail address that it gets no more mail for now.

    Nobody is told: else the form would say who has applied. In the transaction that keeps one more.
    """
    one_after_another("applications of", email)
    recent = SignupRequest.objects.filter(email=email, created_at__gt=Now() - Value(WITHIN))
    return recent.count() >= MOST_AN_EMAIL
