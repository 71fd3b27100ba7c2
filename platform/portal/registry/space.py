"""How much of the registry's disk a club takes: what it deletes stays there until the garbage is collected.

Layers that images share are there once, and count once. What the registry has collected counts no more, but
for the images that are kept and the newest cache of each project.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import Case, Exists, Max, OuterRef, Q, QuerySet, Value, When
from django.utils import timezone

from deployer.errors import Explanation, UserError
from deployer.sentence import Sentence
from portal.builds.models import Build, BuildState, PushedImage, QuietTime
from portal.clubs.models import Club
from portal.environment import environment
from portal.registry.images import is_ours
from portal.releases.models import Release

_FULL = "club-images-full"


@dataclass(frozen=True)
class Taken:
    """Bytes in the registry, of all projects together and of each, which may share some."""

    total: int
    of_projects: Mapping[str, int]


def note(build: Build, image: Mapping[str, int], cache: Mapping[str, int]) -> None:
    """What the build has pushed."""
    PushedImage.objects.update_or_create(
        build=build, defaults={"club": build.project.club, "image": dict(image), "cache": dict(cache)}
    )


def require_space(build: Build) -> None:
    """Raises UserError if the build's club has so much in the registry that it may push no more."""
    if not is_ours():
        return
    club, most_bytes = build.project.club, environment().club_images_limit_bytes
    found = taken(club)
    if found.total < most_bytes:
        return
    own = found.of_projects.get(build.project.slug, 0)
    raise UserError(
        Explanation(
            _FULL,
            Sentence(
                "The images and build caches of {club} take {mebibytes} MiB of the registry; {most} may be.",
                club=club.slug,
                mebibytes=found.total >> 20,
                most=most_bytes >> 20,
            ),
            f"{build.project.slug}: {own >> 20} MiB",
            "Make images smaller (fewer packages, no data in them), delete a project that nobody needs, or "
            "ask an operator for more. What was deleted is free once the registry has collected its garbage, "
            "within hours: build again then.",
        )
    )


def taken(club: Club) -> Taken:
    """As far as builds were measured."""
    since = _collected_at()
    whole: dict[str, int] = {}
    of_projects: defaultdict[str, dict[str, int]] = defaultdict(dict)
    rows = _standing(PushedImage.objects.filter(club=club)).values_list(
        "build__project__slug", "pushed_at", "image", "kept", "cache", "newest"
    )
    for project, pushed_at, image, kept, cache, newest in rows:
        fresh = pushed_at > since
        found = (image if fresh or kept else {}) | (cache if fresh or newest else {})
        whole |= found
        if project is not None:
            of_projects[project] |= found
    return Taken(sum(whole.values()), {name: sum(blobs.values()) for name, blobs in of_projects.items()})


def is_wanted() -> bool:
    """Whether somebody could not build for want of space since the last collection."""
    refused = Build.objects.filter(state=BuildState.FAILED, explanation__reason=_FULL)
    return refused.filter(finished_at__gt=_collected_at()).exists()


def forget() -> None:
    """Rows that count for nothing any more."""
    old = _standing(PushedImage.objects.filter(pushed_at__lte=_collected_at()))
    ids = list(old.filter(kept=False, newest=False).values_list("pk", flat=True))
    PushedImage.objects.filter(pk__in=ids).delete()


def _standing(rows: QuerySet[PushedImage]) -> QuerySet[Any]:
    """With `kept` (a release may still go back to its image) and `newest` (the project's cache is its)."""
    newer = PushedImage.objects.filter(build__project=OuterRef("build__project"), pk__gt=OuterRef("pk"))
    return rows.annotate(
        kept=Exists(Release.objects.filter(build=OuterRef("build"), image_kept=True)),
        newest=Case(When(Q(build__isnull=False) & ~Exists(newer), then=Value(True)), default=Value(False)),
    )


def _collected_at() -> datetime:
    """What was pushed before and is not wanted any more is gone. A registry whose garbage is not ours to
    collect is taken to have none."""
    given = environment()
    if not given.registry_workload or not given.registry_collect_seconds:
        return timezone.now()
    last = QuietTime.objects.filter(used=True).aggregate(at=Max("begun_at"))["at"]
    return last or datetime.fromtimestamp(0, UTC)
