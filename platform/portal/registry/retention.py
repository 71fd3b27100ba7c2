"""Which images are kept: the live one, those on their way, and the last releases that worked.

The config of the others goes too: nothing is released from it again, and it may hold secrets of long ago.
"""

from __future__ import annotations

import logging
import re

import httpx
from django.db import transaction

from portal.builds.models import BUILD_STATES, Build, BuildState
from portal.environment import environment
from portal.projects.models import Project
from portal.registry.images import delete_images, is_ours, tags_of
from portal.releases.models import RELEASE_STATES, Release

logger = logging.getLogger(__name__)

_OF_A_BUILD = re.compile(r"build-([0-9]{1,18})")
_WITHOUT_AN_IMAGE = BUILD_STATES.terminal - {BuildState.SUCCEEDED}


def collect() -> int:
    """Deletes images that no kept release uses; gives how many releases lost theirs."""
    if not is_ours():
        return 0
    projects = list(Project.objects.select_related("club").filter(deleted_at=None))
    collected = sum(_collect(project) for project in projects)
    try:
        for project in projects:
            _untag(project)
    except httpx.HTTPError as error:
        logger.warning("no answer from the registry", extra={"error": str(error)})
    return collected


def _collect(project: Project) -> int:
    repository = f"{project.club.slug}/{project.slug}"
    going, digests = _let_go(project)
    if digests and not delete_images(repository, digests):
        # Some may be gone, so none is gone back to; the next round tries all of them again.
        return 0
    Release.objects.filter(pk__in=going).update(encrypted_config=b"")
    return len(going)


def _untag(project: Project) -> None:
    """Names of images whose builds pushed them and still ended without success (cancelled, out of time, no
    room): no row knows their digests, and what has a name is never collected."""
    repository = f"{project.club.slug}/{project.slug}"
    found = {int(match[1]): tag for tag in tags_of(repository) if (match := _OF_A_BUILD.fullmatch(tag))}
    over = Build.objects.filter(project=project, pk__in=found, state__in=_WITHOUT_AN_IMAGE)
    if nameless := [found[build_id] for build_id in over.values_list("pk", flat=True)]:
        delete_images(repository, nameless)


@transaction.atomic
def _let_go(project: Project) -> tuple[list[int], set[str]]:
    """Notes which releases lose their image, before it is deleted: no rollback takes one that is going.

    Gives them and the images, with those of an earlier round that did not come to its end: their config is
    still there, as it goes last.
    """
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    releases = list(Release.objects.filter(project=project, image_kept=True).order_by("-number"))
    kept = {release.pk for release in releases if release.state not in RELEASE_STATES.terminal}
    served = [release for release in releases if release.went_live_at is not None]
    kept |= {release.pk for release in served[: environment().keep_releases]}
    # A release that failed a moment ago may be the first of an image that the next one uses.
    newest = {release.pk for release in releases[:1]}
    used = {release.digest for release in releases if release.pk in kept | newest}
    gone = [release for release in releases if release.pk not in kept | newest]
    Release.objects.filter(pk__in=[release.pk for release in gone]).update(image_kept=False)
    left = Release.objects.filter(project=project, image_kept=False).exclude(encrypted_config=b"")
    going = dict(left.values_list("pk", "digest"))
    return list(going), set(going.values()) - used
