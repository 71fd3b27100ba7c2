"""Releases and rollback."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from ninja import Field, Router, Schema, Status

from portal.api.authentication import principal
from portal.api.paging import After, Limit, page
from portal.api.refusals import LIMITED
from portal.projects.selectors import get
from portal.releases import actions
from portal.releases.models import Release, Rollout

router = Router(tags=["releases"])


class ReleaseOut(Schema):
    version: int
    state: str
    commit: str
    branch: str
    description: str
    reason: str = Field(description="why it failed or never went live")
    image: str = Field(description="the image's digest; empty when it is not kept any more")
    created_at: datetime
    created_by: str


class Target(Schema):
    version: int | None = Field(None, description="null: the one that was live before")


class Started(Schema):
    version: int
    stream: int


@router.get("/clubs/{club}/projects/{project}/releases", response=list[ReleaseOut])
def list_releases(
    request: HttpRequest,
    response: HttpResponse,
    club: str,
    project: str,
    limit: Limit = 50,
    after: After = None,
) -> list[ReleaseOut]:
    """Newest first."""
    rows = Release.objects.select_related("build").filter(project=get(principal(request), club, project))
    found = page(request, response, rows, "number", limit=limit, after=after, newest_first=True, numeric=True)
    return [_shown(release) for release in found]


@router.post("/clubs/{club}/projects/{project}/rollback", response={202: Started}, openapi_extra=LIMITED)
def rollback(request: HttpRequest, club: str, project: str, target: Target) -> Status[Started]:
    """An older release once more, as a new one; watch it with the stream."""
    by = principal(request)
    rollout = actions.rollback(by=by, project=get(by, club, project, "deploy"), number=target.version)
    return Status(202, started(rollout))


def started(rollout: Rollout) -> Started:
    return Started(version=rollout.release.number, stream=rollout.stream_id)


def _shown(release: Release) -> ReleaseOut:
    return ReleaseOut(
        version=release.number,
        state=release.state,
        commit=release.build.commit,
        branch=release.build.branch,
        description=release.description,
        reason=release.reason,
        image=release.digest if release.image_kept else "",
        created_at=release.created_at,
        created_by=release.created_by,
    )
