"""Node-hours: the cluster's nodes are counted every few minutes, and the time since is theirs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from deployer.fleet import FleetNode
from portal import cluster
from portal.fleet.models import NodeSampling, NodeTime

EVERY_SECONDS = 300
# A count that comes late says nothing of the time before: nobody looked then.
MOST_SECONDS = 2 * EVERY_SECONDS


def sample() -> None:
    """Count the nodes now. Raises DeployerError when the cluster does not answer: that time is nobody's."""
    keep(cluster.read_fleet().nodes, timezone.now())


@transaction.atomic
def keep(nodes: Iterable[FleetNode], now: datetime) -> None:
    """Adds the time since the last count to each kind of node that is ready; at most twice its turn."""
    NodeSampling.objects.bulk_create([NodeSampling(pk=1)], ignore_conflicts=True)
    last = NodeSampling.objects.select_for_update().get(pk=1)
    since = max(last.sampled_at or now, now - timedelta(seconds=MOST_SECONDS))
    if last.sampled_at is not None and now <= last.sampled_at:
        return
    NodeSampling.objects.filter(pk=1).update(sampled_at=now)
    kinds = Counter((node.instance_type, node.capacity) for node in nodes if node.ready)
    for hour, seconds in hours(since, now):
        for (instance_type, capacity), count in kinds.items():
            row, _ = NodeTime.objects.get_or_create(
                hour=hour, instance_type=instance_type, capacity_type=capacity
            )
            NodeTime.objects.filter(pk=row.pk).update(seconds=F("seconds") + seconds * count)


def hours(since: datetime, until: datetime) -> list[tuple[datetime, float]]:
    """The hours that a time reaches over, each with the seconds of it that are in the time."""
    found = []
    while since < until:
        hour = since.replace(minute=0, second=0, microsecond=0)
        end = min(hour + timedelta(hours=1), until)
        found.append((hour, (end - since).total_seconds()))
        since = end
    return found
