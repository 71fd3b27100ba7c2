"""Events and their deliveries are kept for a quarter of a year, confirmations for a week."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from portal.notifications.models import Confirmation, Event

_KEPT = timedelta(days=90)
# Longer than their links work and their limits count.
_CONFIRMATIONS_KEPT = timedelta(days=7)


def forget() -> int:
    Confirmation.objects.filter(asked_at__lt=timezone.now() - _CONFIRMATIONS_KEPT).delete()
    count, _ = Event.objects.filter(at__lt=timezone.now() - _KEPT).delete()
    return count
