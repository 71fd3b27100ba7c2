"""What addresses answered is kept as long as interruptions are."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from portal.environment import environment
from portal.probing.models import Transition


def forget() -> int:
    before = timezone.now() - timedelta(days=environment().interruption_days)
    count, _ = Transition.objects.filter(at__lt=before).delete()
    return count
