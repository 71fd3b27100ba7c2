"""How running copies crashed: kept with their last lines, as the node forgets them with the next restart."""

from __future__ import annotations

from datetime import timedelta

from django.db.models.functions import Now

from portal import cluster
from portal.builds.masking import Masker
from portal.environment import environment
from portal.projects.models import Crash, Project
from portal.projects.selectors import config

KEPT_DAYS = 30
KEPT_OF_A_PROJECT = 50
_LAST_LINES = 200
# A copy that crashes all the time: its lines are all alike.
_NEW_AT_ONCE = 20


def look() -> int:
    """Keeps the ends that are new since the last look; gives how many. Raises DeployerError."""
    apps = cluster.apps()
    found = {(ending.uid, ending.restarts): ending for ending in apps.endings()}
    known = Crash.objects.filter(pod_uid__in={uid for uid, _ in found})
    new = [found[key] for key in found.keys() - set(known.values_list("pod_uid", "restarts"))]
    kept = 0
    for ending in sorted(new, key=lambda ending: ending.at, reverse=True)[:_NEW_AT_ONCE]:
        project = Project.objects.filter(club__slug=ending.club, slug=ending.project, deleted_at=None).first()
        if project is None:
            continue
        masker = Masker(config(project).values(), environment().log_line_bytes)
        _, made = Crash.objects.get_or_create(
            pod_uid=ending.uid,
            restarts=ending.restarts,
            defaults={
                "project": project,
                "release": ending.release,
                "pod": ending.pod,
                "at": ending.at,
                "exit_code": ending.exit_code,
                "reason": ending.reason[:64],
                "log": "\n".join(masker.line(line) for line in apps.last_words(ending, _LAST_LINES)),
            },
        )
        kept += made
    return kept


def crashes_of(project: Project, limit: int) -> list[Crash]:
    """The newest, newest first."""
    return list(Crash.objects.filter(project=project).order_by("-at", "-id")[:limit])


def forget() -> None:
    """Drops what is old, and of a project that crashes all the time all but the newest."""
    Crash.objects.filter(at__lt=Now() - timedelta(days=KEPT_DAYS)).delete()
    crowded = Project.objects.filter(crashes__isnull=False).distinct().values_list("pk", flat=True)
    for project_id in crowded:
        newest = Crash.objects.filter(project_id=project_id).order_by("-at", "-id")
        kept = list(newest.values_list("pk", flat=True)[:KEPT_OF_A_PROJECT])
        newest.exclude(pk__in=kept).delete()
