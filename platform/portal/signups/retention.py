"""How long applications are remembered that came to nothing."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Value
from django.db.models.functions import Now

from portal.signups.models import SignupRequest, SignupState

_UNCONFIRMED_KEPT = timedelta(days=7)
_DECLINED_KEPT = timedelta(days=180)


def forget() -> int:
    """Deletes what was never confirmed, and what was declined half a year ago; gives how many."""
    count = 0
    for state, kept in (
        (SignupState.UNCONFIRMED, _UNCONFIRMED_KEPT),
        (SignupState.DECLINED, _DECLINED_KEPT),
    ):
        old = SignupRequest.objects.filter(state=state, state_since__lt=Now() - Value(kept))
        count += old.delete()[0]
    return count
