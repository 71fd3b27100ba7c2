"""Reads of releases."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from portal.builds.models import Build, BuildState
from portal.probing.selectors import failing
from portal.projects.models import Project
from portal.releases.models import RELEASE_STATES, Release, ReleaseState


@dataclass(frozen=True)
class Condition:
    """How a project is: `empty`, `deploying`, `live`, `down` (its address fails) or `failed`, and its live
    release's number."""

    state: str
    release: int | None


def conditions(projects: Iterable[Project]) -> dict[int, Condition]:
    """The condition of each project by its id, in a few queries for all."""
    ids = [project.pk for project in projects]
    serving = list(Release.objects.filter(project__in=ids, state=ReleaseState.LIVE))
    live = {release.project_id: release.number for release in serving}
    fails = failing(live)
    down = {
        release.project_id
        for release in serving
        if (seen := fails.get(release.project_id))
        and seen.asked_at > (release.went_live_at or release.created_at)
    }
    unfinished = [
        state for state in RELEASE_STATES.transitions if state not in RELEASE_STATES.terminal | {"live"}
    ]
    busy = set(
        Build.objects.filter(project__in=ids, state__in=[BuildState.QUEUED, BuildState.RUNNING]).values_list(
            "project_id", flat=True
        )
    ) | set(
        Release.objects.filter(project__in=ids, state__in=unfinished).values_list("project_id", flat=True)
    )
    tried = set(Build.objects.filter(project__in=ids).values_list("project_id", flat=True).distinct())
    return {key: Condition(_state(key, live, down, busy, tried), live.get(key)) for key in ids}


def _state(key: int, live: dict[int, int], down: set[int], busy: set[int], tried: set[int]) -> str:
    if key in busy:
        return "deploying"
    if key in live:
        return "down" if key in down else "live"
    return "failed" if key in tried else "empty"
