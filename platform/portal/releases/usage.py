"""What live releases take, of all clubs together: one query."""

from __future__ import annotations

from django.db.models import F, Sum

from portal.clubs.budget import Share
from portal.releases.models import Release, ReleaseState


def live_by_club() -> dict[int, Share]:
    """By the club's key; a club where nothing is live is not in it."""
    rows = (
        Release.objects.filter(state=ReleaseState.LIVE, project__deleted_at=None)
        .order_by()
        .values_list("project__club_id")
        .annotate(
            memory=Sum(F("replicas") * F("memory_bytes"), default=0),
            cpu=Sum(F("replicas") * F("cpu_millicores"), default=0),
            pods=Sum("replicas", default=0),
        )
    )
    return {club: Share(memory, cpu, pods) for club, memory, cpu, pods in rows}
