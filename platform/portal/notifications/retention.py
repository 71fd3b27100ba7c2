"""Events and their deliveries are kept for a quarter of a year."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from portal.notifications.models import Event

_KEPT = timedelta(days=90)


def forget() -> int:
    count, _ = Event.objects.filter(at__lt=timezone.now() - _KEPT).delete()
    return count
