"""How a release comes to be: numbered under the project's row lock, with the rollout that makes it live."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import QuerySet, Sum, Value
from django.db.models.functions import Length, Now

from deployer.build import BuildPlan
from deployer.errors import Explanation
from deployer.sentence import Sentence
from portal.accounts.principal import Principal
from portal.builds import log
from portal.builds.models import Build, StreamState
from portal.encryption import encrypt_config
from portal.pacing import left_seconds
from portal.problems import Action, Limited
from portal.projects.models import Project
from portal.projects.selectors import config as config_of
from portal.releases.models import Release, ReleaseState, Rollout, RolloutState
from portal.releases.resources import resources_of
from portal.releases.room import require_room

MOST_CONFIG_BYTES_AN_HOUR = 32 << 20
_WITHIN = timedelta(hours=1)


def make_release(
    *,
    project_id: int,
    build_id: int,
    stream_id: int,
    created_by: str,
    description: Sentence,
    by: Principal | None = None,
) -> Rollout:
    """The project's next release of a build, and its rollout, queued; call it inside a transaction.

    Older rollouts that wait are superseded, one at work is asked to stop: the newest wins. Raises a problem
    for what exceeds the club's budget; `by` is who is told.
    """
    project = Project.objects.select_for_update(no_key=True).get(pk=project_id)
    build = Build.objects.get(pk=build_id)
    plan = BuildPlan.from_dict(build.plan)
    require_room(project, plan, by)
    encrypted_config = encrypt_config(config_of(project))
    if by is not None:
        _require_moderation(project, len(encrypted_config))
    resources = resources_of(plan.web, project)
    project.release_count += 1
    project.save(update_fields=["release_count"])
    release = Release.objects.create(
        project=project,
        number=project.release_count,
        build=build,
        digest=build.digest,
        encrypted_config=encrypted_config,
        port=plan.port,
        command=list(plan.command) if plan.command is not None else None,
        health_path=plan.web.health,
        replicas=resources.replicas,
        memory_bytes=resources.memory_bytes,
        cpu_millicores=resources.cpu_millicores,
        created_by=created_by,
        description=str(description),
    )
    _give_way(release)
    made = Sentence("Release {number}: {description}", number=release.number, description=description)
    log.say(stream_id, made, kind="rollout")
    return Rollout.objects.create(project=project, release=release, stream_id=stream_id)


def _require_moderation(project: Project, size_bytes: int) -> None:
    """Each release keeps its whole config as long as its image: a program that changes a large one all the
    time would fill the database within an hour. Raises Limited."""
    recent = Release.objects.filter(project=project, created_at__gt=Now() - Value(_WITHIN))
    kept_bytes = recent.aggregate(total=Sum(Length("encrypted_config")))["total"] or 0
    if kept_bytes + size_bytes > MOST_CONFIG_BYTES_AN_HOUR:
        told = Explanation(
            "too-much-config",
            "The releases of this project in the last hour hold very much config.",
            Sentence(
                "{mebibytes} MiB of variables in {count} releases",
                mebibytes=kept_bytes >> 20,
                count=recent.count(),
            ),
            "Wait a while; keep large data in the repository or elsewhere.",
        )
        raise Limited(Action.MAKE_RELEASE, _wait_seconds(recent, size_bytes), told)


def _wait_seconds(recent: QuerySet[Release], size_bytes: int) -> float:
    """Until so many of them are older than an hour that one more fits."""
    held_bytes = size_bytes
    sizes = recent.order_by("-created_at").values_list("created_at", Length("encrypted_config"))
    for created_at, bytes_ in sizes:
        held_bytes += bytes_
        if held_bytes > MOST_CONFIG_BYTES_AN_HOUR:
            return left_seconds(created_at, _WITHIN)
    return _WITHIN.total_seconds()


def _give_way(newer: Release) -> None:
    older = Rollout.objects.filter(project_id=newer.project_id)
    older.filter(state=RolloutState.RUNNING).update(stop_requested=RolloutState.SUPERSEDED)
    for rollout in older.filter(state=RolloutState.QUEUED).select_for_update(no_key=True):
        supersede(rollout, newer.number)


def supersede(rollout: Rollout, newer_number: int) -> None:
    """Ends a rollout whose release a newer one replaces before it was live; inside a transaction."""
    _end(rollout, superseded_by(newer_number), StreamState.SUPERSEDED)


def take_back(rollout: Rollout, explanation: Explanation) -> None:
    """Ends a rollout before its release was live, as nothing of the project may run; inside a transaction."""
    _end(rollout, explanation, StreamState.CANCELLED)


def _end(rollout: Rollout, explanation: Explanation, ended: StreamState) -> None:
    Rollout.objects.filter(pk=rollout.pk).update(
        state=RolloutState.SUPERSEDED,
        explanation=explanation.to_row(),
        finished_at=Now(),
        lease_owner="",
        lease_until=None,
    )
    Release.objects.filter(pk=rollout.release_id).update(
        state=ReleaseState.RETIRED, reason=explanation.reason, ended_at=Now()
    )
    log.end(rollout.stream_id, ended, explanation)


def superseded_by(number: int) -> Explanation:
    return Explanation(
        "superseded",
        Sentence("Release {number} took this one's place before it was live.", number=number),
        "",
        Sentence("Nothing is to be done: release {number} is the newer one.", number=number),
    )
