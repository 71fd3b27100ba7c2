"""What the deployer is asked to build."""

from __future__ import annotations

from deployer.build import BuildLimits, BuildOrder, BuildPlan
from portal.builds.models import Build
from portal.derived import push_password, source_token
from portal.environment import environment


def order_of(build: Build) -> BuildOrder:
    """The order of the build's present attempt; the same, tokens too, whoever asks."""
    given = environment()
    club, project = build.project.club.slug, build.project.slug
    return BuildOrder(
        build=str(build.pk),
        attempt=build.attempt,
        club=club,
        project=project,
        source_url=f"{given.sources_url}/sources/{build.pk}.tar.gz",
        source_token=source_token(build.pk, build.attempt),
        push_image=f"{given.registry_push_host}/{club}/{project}:build-{build.pk}",
        cache_image=f"{given.registry_push_host}/cache/{club}/{project}:cache",
        push_username=f"build-{build.pk}",
        push_password=push_password(build.pk, build.attempt),
        plan=BuildPlan.from_dict(build.plan),
        limits=BuildLimits(
            memory_bytes=given.build_memory_bytes, deadline_seconds=given.build_deadline_seconds
        ),
    )
