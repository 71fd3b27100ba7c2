"""What repositories take on the git server's disk, as it measured them last (`portal.gitserver.room`)."""

from __future__ import annotations

from django.db.models import QuerySet, Sum

from portal.clubs.models import Club
from portal.projects.models import Project


def measured(project_id: int, size_bytes: int) -> None:
    """Notes what the git server has seen."""
    Project.objects.filter(pk=project_id).exclude(repository_bytes=size_bytes).update(
        repository_bytes=size_bytes
    )


def club_bytes(club: str) -> int:
    """Of all repositories of a club together; a deleted project's counts no more."""
    return int(_of(club).aggregate(total=Sum("repository_bytes"))["total"] or 0)


def largest(club: str, most: int) -> list[tuple[str, int]]:
    """The names and sizes of a club's repositories, the largest first."""
    found = _of(club).filter(repository_bytes__gt=0).order_by("-repository_bytes", "slug")
    return list(found.values_list("slug", "repository_bytes")[:most])


def by_club() -> list[tuple[str, int]]:
    """Each club that has something, the largest first."""
    clubs = Club.objects.filter(projects__deleted_at=None, projects__repository_bytes__gt=0)
    summed = clubs.order_by().values("slug").annotate(total=Sum("projects__repository_bytes"))
    return [(row["slug"], row["total"]) for row in summed.order_by("-total", "slug")]


def _of(club: str) -> QuerySet[Project]:
    return Project.objects.filter(club__slug=club, deleted_at=None)
