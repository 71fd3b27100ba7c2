"""What is built already, made live once more with today's settings."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from deployer.sentence import Sentence
from portal.accounts import audit
from portal.accounts.principal import Principal
from portal.builds.models import Build, BuildState, LogStream, StreamKind
from portal.builds.selectors import build_of
from portal.clubs.models import Club
from portal.clubs.selectors import suspended
from portal.nudge import nudge_rollout
from portal.problems import conflict
from portal.projects.actions import lock
from portal.projects.models import Project
from portal.releases.making import make_release
from portal.releases.models import ROLLOUT_STATES, Release, ReleaseState, Rollout
from portal.releases.steps import live_release


@transaction.atomic
def redeploy(*, by: Principal, project: Project, build_id: int) -> Rollout:
    """A new release of a build, with the variables and resources of now; a rollback restores its own."""
    by.require("deploy", club=project.club.slug, project=project.slug)
    locked = lock(project)
    build = _usable(locked, build_id)
    audit.record(by, "redeploy", club=project.club.slug, project=project.slug, build=build.pk)
    again = Sentence("build {build} again (commit {commit})", build=build.pk, commit=build.commit[:7])
    return release_again(locked, build.pk, by, StreamKind.REDEPLOY, again)


@transaction.atomic
def restart(*, by: Principal, project: Project) -> Rollout:
    """New copies of what is live. It is a release of its own: rolled out with a look at each copy, undone
    if they do not come up, and told in the list of releases."""
    by.require("deploy", club=project.club.slug, project=project.slug)
    locked = lock(project)
    live = live_release(locked.pk)
    if live is None:
        raise conflict("nothing-live", "Nothing of this project runs.", "Push first: git push madang main")
    audit.record(by, "restart", club=project.club.slug, project=project.slug, release=live.number)
    again = Sentence("restart of release {number}", number=live.number)
    return release_again(locked, live.build_id, by, StreamKind.RESTART, again)


def restartable(club: Club | None) -> QuerySet[Project]:
    """What is live and not being rolled out, of a club or of all; without clubs that are suspended."""
    live = Release.objects.filter(project=OuterRef("pk"), state=ReleaseState.LIVE)
    on_its_way = Rollout.objects.filter(project=OuterRef("pk"), state__in=ROLLOUT_STATES.open)
    found = Project.objects.filter(Exists(live), ~Exists(on_its_way), ~suspended("club"), deleted_at=None)
    return (found if club is None else found.filter(club=club)).select_related("club").order_by("pk")


def release_again(
    project: Project, build_id: int, by: Principal, kind: StreamKind, description: Sentence
) -> Rollout:
    """A release that nobody pushed, in a log of its own; inside a transaction that holds the project."""
    stream = LogStream.objects.create(project=project, kind=kind)
    rollout = make_release(
        project_id=project.pk,
        build_id=build_id,
        stream_id=stream.pk,
        created_by=by.name,
        by=by,
        description=description,
    )
    transaction.on_commit(lambda: nudge_rollout(rollout.pk))
    return rollout


def can_redeploy(build: Build) -> bool:
    """Whether its image is there."""
    return (
        build.state == BuildState.SUCCEEDED and Release.objects.filter(build=build, image_kept=True).exists()
    )


def _usable(project: Project, build_id: int) -> Build:
    build = build_of(project, build_id)
    if build.state != BuildState.SUCCEEDED:
        raise conflict(
            "no-image",
            Sentence(
                "Build {build} made no image: it is {state}.", build=build.pk, state=Sentence.of(build.state)
            ),
            Sentence("Build it again, or push its commit: madang rebuild {build}", build=build.pk),
        )
    if not can_redeploy(build):
        raise conflict(
            "image-gone",
            Sentence("The image of build {build} is not kept any more.", build=build.pk),
            "Push its commit again, or choose a newer build.",
        )
    return build
