"""Measures all projects at once: a few requests to the cluster, one transaction."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from deployer.errors import DeployerError
from deployer.rollout.traffic import Count
from portal import cluster
from portal.environment import environment
from portal.metrics.models import Counted, Sample
from portal.metrics.steps import FINE, floor
from portal.projects.models import Project

logger = logging.getLogger(__name__)

Owner = tuple[str, str]


def sample() -> int:
    """Keeps what each project uses now; gives how many do. Raises DeployerError."""
    apps = cluster.apps()
    use = apps.usage()
    try:
        counts = apps.traffic(environment().ingress_namespace)
    except DeployerError as error:
        logger.warning("requests not counted", extra={"explanation": error.explanation.to_dict()})
        counts = {}
    now = timezone.now()
    projects = {
        (project.club.slug, project.slug): project
        for project in Project.objects.select_related("club").filter(deleted_at=None)
    }
    answered = _count(projects, counts, now) if counts else {}
    rows = [
        Sample(
            project=projects[owner],
            step_seconds=FINE,
            at=floor(now, FINE),
            copies=found.copies,
            cpu_millicores=found.cpu_millicores,
            memory_bytes=found.memory_bytes,
            memory_peak_bytes=found.memory_bytes,
            requests=answered.get(owner, (0, 0))[0] if counts else None,
            errors=answered.get(owner, (0, 0))[1] if counts else None,
        )
        for owner, found in use.items()
        if owner in projects
    ]
    # Asked twice in one step: the first counts.
    Sample.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


@transaction.atomic
def _count(
    projects: Mapping[Owner, Project], counts: Mapping[str, Mapping[Owner, Count]], now: datetime
) -> dict[Owner, tuple[int, int]]:
    """How many requests and errors came since each pod of the controller was asked last."""
    before = {
        (row.source, row.project_id): row
        for row in Counted.objects.select_for_update().filter(source__in=list(counts)).order_by("id")
    }
    answered: dict[Owner, tuple[int, int]] = {}
    rows = []
    for source, found in counts.items():
        for owner, count in found.items():
            project = projects.get(owner)
            if project is None:
                continue
            last = before.get((source, project.pk))
            more = since(last, count)
            so_far = answered.get(owner, (0, 0))
            answered[owner] = (so_far[0] + more[0], so_far[1] + more[1])
            rows.append(
                Counted(project=project, source=source, requests=count.requests, errors=count.errors, at=now)
            )
    Counted.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["project", "source"],
        update_fields=["requests", "errors", "at"],
    )
    return answered


def since(last: Counted | None, count: Count) -> tuple[int, int]:
    """What came since; of a pod that was never asked nothing is known, one that began anew counts from 0."""
    if last is None:
        return 0, 0
    if count.requests < last.requests:
        return count.requests, count.errors
    return count.requests - last.requests, max(count.errors - last.errors, 0)
