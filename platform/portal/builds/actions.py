"""What may be done to builds."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from django.db import transaction
from django.db.models.functions import Now

from deployer.build import BuildPlan
from deployer.errors import Explanation
from deployer.sentence import Sentence
from portal.accounts import audit
from portal.accounts.principal import Principal
from portal.builds import log
from portal.builds.models import Build, BuildState, LogStream, StreamKind, StreamState
from portal.nudge import nudge_build
from portal.projects.actions import lock
from portal.projects.models import Project
from portal.releases.room import require_room


class SourceArchive(Protocol):
    """What `deployer.source.write_archive` gives."""

    @property
    def path(self) -> Path: ...
    @property
    def size_bytes(self) -> int: ...
    @property
    def sha256(self) -> str: ...


@transaction.atomic
def accept_push(
    *, by: Principal, project: Project, commit: str, branch: str, plan: BuildPlan, archive: SourceArchive
) -> Build:
    """Queues a build of a pushed commit; older builds that still wait are superseded.

    Two pushes at once take their turns at the project's row: the later one is the newer. What the club's
    budget has no room for is refused here, before anything is built.
    """
    by.require("deploy", club=project.club.slug, project=project.slug)
    locked = lock(project)
    require_room(locked, plan, by)
    stream = LogStream.objects.create(project=locked, kind=StreamKind.PUSH)
    build = Build.objects.create(
        project=locked,
        stream=stream,
        commit=commit,
        branch=branch,
        pushed_by=by.name,
        plan=plan.to_dict(),
        archive_path=str(archive.path),
        archive_bytes=archive.size_bytes,
        archive_sha256=archive.sha256,
    )
    _supersede_older(build)
    log.say(stream.pk, f"Build {build.pk}: commit {commit[:7]} of {branch}", *plan.seen, *plan.notes)
    audit.record(
        by, "push", club=project.club.slug, project=project.slug, build=build.pk, commit=commit, branch=branch
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
