"""What the deployer is asked to make live."""

from __future__ import annotations

from urllib.parse import urlsplit

from deployer.build import BuildPlan
from deployer.rollout import ClubSpec, RolloutOrder
from portal.clubs.models import Club
from portal.derived import pull_password
from portal.encryption import decrypt_config
from portal.environment import environment
from portal.projects.selectors import address
from portal.releases.models import Release


def order_of(release: Release, fence: int) -> RolloutOrder:
    """The release, whole; `fence` is the one of the rollout (or undo) that applies it."""
    club, project = release.project.club.slug, release.project.slug
    url = address(release.project)
    return RolloutOrder(
        club=club,
        project=project,
        release=release.number,
        image=f"{environment().registry_pull_host}/{club}/{project}@{release.digest}",
        hostname=urlsplit(url).hostname or "",
        url=url,
        port=release.port,
        config=decrypt_config(release.encrypted_config),
        replicas=release.replicas,
        memory_bytes=release.memory_bytes,
        cpu_millicores=release.cpu_millicores,
        health_path=release.health_path,
        command=tuple(release.command) if release.command is not None else None,
        release_command=BuildPlan.from_dict(release.build.plan).release_command,
        fence=fence,
    )


def spec_of(club: Club) -> ClubSpec:
    return ClubSpec(
        slug=club.slug,
        memory_bytes=club.memory_bytes,
        cpu_millicores=club.cpu_millicores,
        pods=club.pods,
        pull_username=f"club-{club.slug}",
        pull_password=pull_password(club.pk),
    )
