"""What may be done to builds."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from django.db import transaction

from deployer.build import BuildPlan
from portal.accounts import audit
from portal.accounts.principal import Principal
from portal.builds.models import Build, StreamKind
from portal.builds.queueing import enqueue
from portal.projects.actions import lock
from portal.projects.models import Project


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
    build = Build(
        project=lock(project),
        commit=commit,
        branch=branch,
        archive_path=str(archive.path),
        archive_bytes=archive.size_bytes,
        archive_sha256=archive.sha256,
    )
    enqueue(build, by=by, kind=StreamKind.PUSH, plan=plan, first=())
    audit.record(
        by, "push", club=project.club.slug, project=project.slug, build=build.pk, commit=commit, branch=branch
    )
    return build
