"""How long the outbox remembers whom it wrote to."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Value
from django.db.models.functions import Now

from portal.mail.models import MailState, OutgoingMail

_SENT_KEPT = timedelta(days=30)
_FAILED_KEPT = timedelta(days=90)


def forget() -> int:
    """Deletes what was sent a month ago and what was given up three months ago; gives how many."""
    count = 0
    for state, kept in ((MailState.SENT, _SENT_KEPT), (MailState.FAILED, _FAILED_KEPT)):
        old = OutgoingMail.objects.filter(state=state, ended_at__lt=Now() - Value(kept))
        count += old.delete()[0]
    return count
