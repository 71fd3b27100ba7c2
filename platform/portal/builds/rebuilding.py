"""A build that brought nothing, tried again from the same commit without a push."""

from __future__ import annotations

from django.db import transaction

from deployer.build import BuildPlan
from deployer.sentence import Sentence
from portal.accounts import audit
from portal.accounts.principal import Principal
from portal.builds.models import BUILD_STATES, Build, BuildState, StreamKind
from portal.builds.queueing import enqueue
from portal.builds.selectors import build_of
from portal.problems import Problem, conflict
from portal.projects.actions import lock
from portal.projects.models import Project
from portal.releases.room import lock_budget

REBUILDABLE = frozenset({BuildState.FAILED, BuildState.CANCELLED})


@transaction.atomic
def rebuild(*, by: Principal, project: Project, build_id: int) -> Build:
    """A new build of the same commit and plan, from the source that the old one's push left.

    It waits its turn as a push does, and newer pushes supersede it.
    """
    by.require("deploy", club=project.club.slug, project=project.slug)
    locked = lock(project)
    # The club's row before the build's, as everywhere.
    lock_budget(locked)
    # Under this lock the git server lets go of a source, too.
    old = build_of(locked, build_id, lock=True)
    if (refused := refusal(old)) is not None:
        raise refused
    again = (
        Sentence("The same commit again: build {build} of it failed.", build=old.pk)
        if old.state == BuildState.FAILED
        else Sentence("The same commit again: build {build} of it was cancelled.", build=old.pk)
    )
    build = enqueue(
        Build(
            project=locked,
            again_of=old,
            commit=old.commit,
            branch=old.branch,
            archive_path=old.archive_path,
            archive_bytes=old.archive_bytes,
            archive_sha256=old.archive_sha256,
        ),
        by=by,
        kind=StreamKind.REBUILD,
        plan=BuildPlan.from_dict(old.plan),
        first=[again],
    )
    audit.record(
        by,
        "rebuild",
        club=project.club.slug,
        project=project.slug,
        build=build.pk,
        again_of=old.pk,
        commit=old.commit,
    )
    return build


def refusal(build: Build) -> Problem | None:
    """Why it cannot be built again; None: it can."""
    if build.state in BUILD_STATES.open:
        return conflict(
            "not-ended",
            Sentence(
                "Build {build} has not ended: it is {state}.", build=build.pk, state=Sentence.of(build.state)
            ),
            Sentence("Wait for it, or end it: madang cancel {build}", build=build.pk),
        )
    if build.state == BuildState.SUCCEEDED:
        return conflict(
            "image-there",
            Sentence("Build {build} succeeded: there is nothing to build again.", build=build.pk),
            "To make it live once more, deploy it again on its page, or: madang rollback",
        )
    newer = (
        Build.objects.filter(project_id=build.project_id, pk__gt=build.pk, state__in=BUILD_STATES.open)
        .order_by("-pk")
        .first()
    )
    if newer is not None:
        return conflict(
            "newer-build",
            Sentence(
                "Build {build} of this project is newer, and it is {state}.",
                build=newer.pk,
                state=Sentence.of(newer.state),
            ),
            Sentence("Wait for it, or end it first: madang cancel {build}", build=newer.pk),
        )
    if build.state not in REBUILDABLE:
        return conflict(
            "newer-push",
            Sentence("A newer push took the place of build {build} before it began.", build=build.pk),
            "Build the newer one again, or push the commit that you want.",
        )
    if not build.source_kept:
        return conflict(
            "source-gone",
            Sentence("The source of build {build} is not kept any more.", build=build.pk),
            "Push its commit again: git push madang (if git has nothing to push: "
            "git commit --allow-empty -m retry first)",
        )
    return None
