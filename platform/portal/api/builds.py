"""Builds, their cancelling, and those that are tried again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from ninja import Field, Router, Schema, Status

from portal.api.authentication import principal
from portal.api.paging import After, Limit, page
from portal.builds import rebuilding
from portal.builds.cancelling import cancel_build
from portal.builds.models import Build, BuildState
from portal.builds.places import Place
from portal.builds.selectors import waiting_with_reasons
from portal.projects.selectors import get
from portal.translating import what_happened

router = Router(tags=["builds"])


class BuildOut(Schema):
    number: int
    state: str
    commit: str
    branch: str
    reason: str
    what: str = Field(description="how it ended, in a sentence")
    attempt: int
    again_of: int | None = Field(description="the build of the same commit that this one tries again")
    queue_position: int = Field(description="1: next; 0: not waiting")
    queue_reason: str = Field(description="why it waits, in a word; empty: not waiting")
    queue_what: str = Field(description="why it waits, in a sentence")
    created_at: datetime
    created_by: str
    started_at: datetime | None
    finished_at: datetime | None
    stream: int


@router.get("/clubs/{club}/projects/{project}/builds", response=list[BuildOut])
def list_builds(
    request: HttpRequest,
    response: HttpResponse,
    club: str,
    project: str,
    limit: Limit = 50,
    after: After = None,
) -> list[BuildOut]:
    """Newest first."""
    rows = Build.objects.filter(project=get(principal(request), club, project))
    found = page(request, response, rows, "id", limit=limit, after=after, newest_first=True, numeric=True)
    places = _places(found)
    return [_shown(build, places.get(build.pk)) for build in found]


@router.post("/clubs/{club}/projects/{project}/builds/{int:number}/cancel", response=BuildOut)
def cancel(request: HttpRequest, club: str, project: str, number: int) -> BuildOut:
    """Ends a queued build at once, a running one within seconds."""
    by = principal(request)
    build = cancel_build(by=by, project=get(by, club, project, "deploy"), build_id=number)
    return _shown(build, _places([build]).get(build.pk))


@router.post("/clubs/{club}/projects/{project}/builds/{int:number}/rebuild", response={202: BuildOut})
def rebuild(request: HttpRequest, club: str, project: str, number: int) -> Status[BuildOut]:
    """The commit of a failed or cancelled build once more, as a new build; watch it with its stream."""
    by = principal(request)
    build = rebuilding.rebuild(by=by, project=get(by, club, project, "deploy"), build_id=number)
    return Status(202, _shown(build, _places([build]).get(build.pk)))


def _places(builds: Sequence[Build]) -> dict[int, Place]:
    """The queue is looked at once, and only if one of the builds waits."""
    if not any(build.state == BuildState.QUEUED for build in builds):
        return {}
    return {place.build: place for place in waiting_with_reasons()}


def _shown(build: Build, place: Place | None) -> BuildOut:
    return BuildOut(
        number=build.pk,
        state=build.state,
        commit=build.commit,
        branch=build.branch,
        reason=(build.explanation or {}).get("reason", ""),
        what=what_happened(build.explanation),
        attempt=build.attempt,
        again_of=build.again_of_id,
        queue_position=place.position if place else 0,
        queue_reason=place.reason if place else "",
        queue_what=place.what if place else "",
        created_at=build.created_at,
        created_by=build.pushed_by,
        started_at=build.started_at,
        finished_at=build.finished_at,
        stream=build.stream_id,
    )
