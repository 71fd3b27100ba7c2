"""How long records are kept: MADANG_INTERRUPTION_DAYS after their last report."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from portal.environment import environment
from portal.fleet.models import Interruption


def forget() -> int:
    """Deletes the records of which nothing was heard for that long, with their pods; gives how many."""
    before = timezone.now() - timedelta(days=environment().interruption_days)
    _, deleted = Interruption.objects.filter(received_at__lt=before).delete()
    return deleted.get(Interruption._meta.label, 0)
