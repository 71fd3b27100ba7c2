"""Reads what a project's standing is decided on: for any number of projects in the same few queries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal

from deployer.errors import Explanation
from portal.builds.models import BUILD_STATES, Build, BuildState
from portal.builds.selectors import waiting_with_reasons
from portal.clubs.models import Suspension
from portal.probing import selectors as probing
from portal.projects.models import Project
from portal.projects.standing import (
    Ending,
    Facts,
    Outage,
    Serving,
    Standing,
    Suspended,
    Unchecked,
    Work,
    standing,
)
from portal.releases.models import ROLLOUT_STATES, Halt, Release, ReleaseState, Rollout, RolloutState
from portal.releases.steps import UNKNOWN
from portal.releases.turns import Wait, waits
from portal.translating import explained, translated

_ENDED_BADLY = (BuildState.FAILED, BuildState.CANCELLED)


def standings(projects: Iterable[Project]) -> dict[int, Standing]:
    """Each project's standing by its id."""
    return {key: standing(found) for key, found in facts(projects).items()}


def standing_of(project: Project) -> Standing:
    return standings([project])[project.pk]


def facts(projects: Iterable[Project]) -> dict[int, Facts]:
    """Each project's facts by its id."""
    rows = list(projects)
    created = {project.pk: project.created_at for project in rows}
    live = _live(created)
    work = _work(created)
    suspensions, halts = _suspensions(rows), _halts(created)
    endings = _endings(created)
    up = _up(rows, live, suspensions, halts)
    outages, unchecked = _outages(up), _unchecked(up)
    found = {}
    for key, created_at in created.items():
        serving, ending = live.get(key), endings.get(key)
        if serving is not None and ending is not None and ending.at <= serving.since:
            ending = None
        found[key] = Facts(created_at, serving, work.get(key), ending, outages.get(key), unchecked.get(key))
    for project in rows:
        suspension, halt = suspensions.get(project.club_id), halts.get(project.pk)
        found[project.pk] = _standing_still(found[project.pk], suspension, halt)
    return found


def _standing_still(facts: Facts, suspension: Suspension | None, halt: Halt | None) -> Facts:
    """`suspension` is the club's last one; while it lasts, and until the project is back."""
    if suspension is None:
        return facts
    if suspension.ended_at is None:
        stopped = halt is not None and halt.stopped_at is not None
        return replace(facts, suspended=Suspended(suspension.begun_at, suspension.why, stopped))
    if halt is None or facts.live is None:
        return facts
    how_far = translated(halt.how_far)
    return replace(facts, work=Work("resuming", facts.live.number, suspension.ended_at, how_far))


def _suspensions(projects: Iterable[Project]) -> dict[int, Suspension]:
    """The last one of each club."""
    rows = Suspension.objects.filter(club__in={project.club_id for project in projects})
    return {row.club_id: row for row in rows.order_by("club_id", "-id").distinct("club_id")}


def _halts(ids: Iterable[int]) -> dict[int, Halt]:
    return {row.project_id: row for row in Halt.objects.filter(project__in=list(ids))}


def _live(ids: Iterable[int]) -> dict[int, Serving]:
    rows = Release.objects.filter(project__in=list(ids), state=ReleaseState.LIVE)
    return {
        key: Serving(number, since or made)
        for key, number, since, made in rows.values_list("project_id", "number", "went_live_at", "created_at")
    }


def _up(
    projects: Iterable[Project],
    live: Mapping[int, Serving],
    suspensions: Mapping[int, Suspension],
    halts: Mapping[int, Halt],
) -> dict[int, datetime]:
    """Since when addresses are meant to answer (as `portal.probing.wanted` has it): since the live release
    came up, or its club was resumed. What stands still is not meant to."""
    found = {}
    for project in projects:
        serving, suspension = live.get(project.pk), suspensions.get(project.club_id)
        if serving is None or project.pk in halts:
            continue
        if suspension is None:
            found[project.pk] = serving.since
        elif suspension.ended_at is not None:
            found[project.pk] = max(serving.since, suspension.ended_at)
    return found


def _outages(up: Mapping[int, datetime]) -> dict[int, Outage]:
    """Of those whose address failed when it was last asked, since it is meant to answer."""
    return {
        key: Outage(max(seen.since, up[key]), seen.explanation)
        for key, seen in probing.failing(up).items()
        if seen.asked_at > up[key]
    }


def _unchecked(up: Mapping[int, datetime]) -> dict[int, Unchecked]:
    """Of those whose address nobody has looked at lately, since it is meant to answer."""
    late = probing.unchecked(up)
    return {key: Unchecked(each.since, each.answered, each.prober_stands) for key, each in late.items()}


def _work(ids: Iterable[int]) -> dict[int, Work]:
    """Of each project the most advanced: a rollout before the build that runs, that before one that waits."""
    wanted = list(ids)
    builds = list(
        Build.objects.filter(project__in=wanted, state__in=BUILD_STATES.open)
        .only("id", "project_id", "state", "created_at", "started_at", "stop_requested")
        .order_by("-state", "-id")
    )
    places = (
        {place.build: place.what for place in waiting_with_reasons()}
        if any(build.state == BuildState.QUEUED for build in builds)
        else {}
    )
    found = {}
    for build in sorted(builds, key=lambda build: build.state == BuildState.RUNNING):
        if build.state == BuildState.RUNNING:
            found[build.project_id] = Work("building", build.pk, build.started_at or build.created_at)
        else:
            found[build.project_id] = Work("queued", build.pk, build.created_at, places.get(build.pk, ""))
    rollouts = list(
        Rollout.objects.filter(project__in=wanted, state__in=ROLLOUT_STATES.open)
        .select_related("release")
        .order_by("id")
    )
    held = waits() if any(rollout.state == RolloutState.QUEUED for rollout in rollouts) else {}
    for rollout in rollouts:
        found[rollout.project_id] = _rolling_out(rollout, held.get(rollout.pk))
    return found


def _rolling_out(rollout: Rollout, wait: Wait | None) -> Work:
    number, since = rollout.release.number, rollout.started_at or rollout.created_at
    if wait is not None:
        return Work("waiting", number, since, wait.what)
    doing: Literal["taking-back", "rolling-out"] = (
        "taking-back" if rollout.state == RolloutState.UNDOING else "rolling-out"
    )
    return Work(doing, number, since, translated(rollout.how_far))


def _endings(ids: Iterable[int]) -> dict[int, Ending]:
    """How each project's newest change ended, unless well."""
    wanted = list(ids)
    newest = ("project_id", "-id")
    builds = Build.objects.filter(project__in=wanted).order_by(*newest).distinct("project_id")
    rollouts = (
        Rollout.objects.filter(project__in=wanted)
        .select_related("release")
        .order_by(*newest)
        .distinct("project_id")
    )
    found: dict[int, Ending] = {}
    for build in builds:
        key = build.project_id
        if build.state in _ENDED_BADLY and build.finished_at:
            found[key] = Ending(build.finished_at, _told(build.explanation), build=build.pk)
    for rollout in rollouts:
        key, at = rollout.project_id, rollout.finished_at
        if at is None or (key in found and found[key].at >= at):
            continue
        found.pop(key, None)
        if rollout.state == RolloutState.FAILED:
            found[key] = Ending(at, _told(rollout.explanation), release=rollout.release.number)
    return found


def _told(stored: Mapping[str, Any] | None) -> Explanation:
    """In the language that is active, as an outage and a place in the queue are."""
    return explained(stored or UNKNOWN)
