"""Whose turn it is: the one open drill, if nobody works on it."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F, Q, QuerySet

from portal.drills.models import OPEN, Drill
from portal.leases.holding import due, expired, taken_over, until
from portal.leases.model import Lease


def startable() -> list[int]:
    """The ids of drills that a worker should look at now."""
    return list(_free().values_list("id", flat=True))


@transaction.atomic
def claim(drill_id: int, owner: str) -> Lease | None:
    """Takes the drill for `owner`, if nobody works on it; else None."""
    taken = (
        _free()
        .filter(pk=drill_id)
        .update(
            lease_owner=owner,
            lease_until=until(),
            fence=F("fence") + 1,
            retry_at=None,
            takeovers=taken_over(),
        )
    )
    if not taken:
        return None
    return Lease(drill_id, owner, Drill.objects.values_list("fence", flat=True).get(pk=drill_id))


def _free() -> QuerySet[Drill]:
    return Drill.objects.filter(state__in=OPEN).filter(due()).filter(Q(lease_until=None) | expired())
