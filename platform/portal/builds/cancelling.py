"""Ending builds (and all of a deleted project's work) before their time."""

from __future__ import annotations

from django.db import transaction
from django.db.models.functions import Now

from deployer.errors import Explanation
from deployer.sentence import Sentence
from portal.accounts import audit
from portal.accounts.principal import Principal
from portal.builds import log
from portal.builds.models import BUILD_STATES, Build, BuildState, LogStream, StreamState
from portal.builds.selectors import build_of
from portal.clubs.selectors import suspension_of
from portal.nudge import nudge_waiting_builds
from portal.problems import conflict
from portal.projects.models import Project
from portal.releases.models import (
    RELEASE_STATES,
    ROLLOUT_STATES,
    Halt,
    Release,
    ReleaseState,
    Rollout,
    RolloutState,
)

CANCELLED = Explanation(
    "cancelled",
    "The build was cancelled.",
    "",
    "What was live stays live. Push again, or build the same commit again: madang rebuild",
)
_DELETED = Explanation("project-deleted", "The project was deleted.", "", "")


@transaction.atomic
def cancel_build(*, by: Principal, project: Project, build_id: int) -> Build:
    """Ends a queued build at once; asks a running one's worker to end it."""
    by.require("deploy", club=project.club.slug, project=project.slug)
    build = build_of(project, build_id, lock=True)
    if build.state in BUILD_STATES.terminal:
        raise conflict(
            "already-ended",
            Sentence(
                "Build {build} has ended already: {state}.", build=build.pk, state=Sentence.of(build.state)
            ),
            "To take a release back, roll back to the one before: madang rollback",
        )
    if build.state == BuildState.QUEUED:
        _end(build, CANCELLED)
    else:
        Build.objects.filter(pk=build.pk).update(stop_requested=BuildState.CANCELLED)
    audit.record(by, "cancel_build", club=project.club.slug, project=project.slug, build=build.pk)
    build.refresh_from_db()
    return build


def stop_builds(project: Project, explanation: Explanation) -> None:
    """Ends the builds that wait, and asks the worker of the one that runs to end it; inside a transaction
    that holds the project's row."""
    unfinished = Build.objects.select_for_update(no_key=True).filter(
        project=project, state__in=BUILD_STATES.open
    )
    for build in unfinished.order_by("pk"):
        if build.state == BuildState.QUEUED:
            _end(build, explanation)
        else:
            Build.objects.filter(pk=build.pk).update(stop_requested=BuildState.CANCELLED)


def why_stopped(build: Build) -> Explanation:
    """Why a build was asked to end: somebody cancelled it, or its club is suspended."""
    suspension = suspension_of(build.project.club)
    return suspension.explanation if suspension is not None else CANCELLED


def cancel_all(project: Project) -> None:
    """Ends everything of a project that is being deleted; inside a transaction that holds its row."""
    unfinished = Build.objects.select_for_update(no_key=True).filter(
        project=project, state__in=BUILD_STATES.open
    )
    for build in unfinished:
        # A worker at it loses its lease with this.
        _end(build, _DELETED)
    Rollout.objects.filter(project=project, state__in=ROLLOUT_STATES.open).update(
        state=RolloutState.SUPERSEDED, lease_owner="", lease_until=None, finished_at=Now()
    )
    # A worker at it loses its lease with this, too.
    Halt.objects.filter(project=project).delete()
    Release.objects.filter(project=project, state__in=RELEASE_STATES.open).update(
        state=ReleaseState.RETIRED, reason=_DELETED.reason, ended_at=Now()
    )
    for stream_id in LogStream.objects.filter(project=project, state=StreamState.OPEN).values_list(
        "id", flat=True
    ):
        log.end(stream_id, StreamState.CANCELLED, _DELETED)


def _end(build: Build, explanation: Explanation) -> None:
    BUILD_STATES.check(build.state, BuildState.CANCELLED)
    Build.objects.filter(pk=build.pk).update(
        state=BuildState.CANCELLED,
        explanation=explanation.to_row(),
        source_token_hash="",
        lease_owner="",
        lease_until=None,
        finished_at=Now(),
    )
    log.end(build.stream_id, StreamState.CANCELLED, explanation)
    transaction.on_commit(nudge_waiting_builds)
