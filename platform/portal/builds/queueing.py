"""How a build comes into the queue, whether its commit was pushed now or is tried again."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.db.models.functions import Now

from deployer.build import BuildPlan
from deployer.errors import Explanation
from deployer.sentence import Sentence
from portal.accounts.principal import Principal
from portal.builds import log
from portal.builds.models import Build, BuildState, LogStream, StreamKind, StreamState
from portal.nudge import nudge_build
from portal.releases.room import require_room


def enqueue(
    build: Build, *, by: Principal, kind: StreamKind, plan: BuildPlan, first: Sequence[Sentence]
) -> Build:
    """Gives a new build its log, which begins with `first`, and its place; older builds that still wait are
    superseded.

    Inside a transaction that holds the project. What the club's budget has no room for is refused here,
    before anything is built.
    """
    require_room(build.project, plan, by)
    build.plan = plan.to_dict()
    build.pushed_by = by.name
    build.stream = LogStream.objects.create(project=build.project, kind=kind)
    build.save()
    _supersede_older(build)
    log.say(
        build.stream_id,
        Sentence(
            "Build {build}: commit {commit} of {branch}",
            build=build.pk,
            commit=build.commit[:7],
            branch=build.branch,
        ),
        *first,
        *plan.seen,
        *plan.notes,
    )
    transaction.on_commit(lambda: nudge_build(build.pk))
    return build


def _supersede_older(newer: Build) -> None:
    explanation = Explanation(
        "superseded",
        Sentence(
            "A newer push (commit {commit}, build {build}) took this one's place.",
            commit=newer.commit[:7],
            build=newer.pk,
        ),
        "",
        Sentence("Nothing is lost: build {build} holds the newer state.", build=newer.pk),
    )
    older = Build.objects.select_for_update(no_key=True).filter(
        project_id=newer.project_id, state=BuildState.QUEUED, pk__lt=newer.pk
    )
    for build in older.order_by("pk"):
        Build.objects.filter(pk=build.pk).update(
            state=BuildState.SUPERSEDED, finished_at=Now(), explanation=explanation.to_row()
        )
        log.end(build.stream_id, StreamState.SUPERSEDED, explanation)
