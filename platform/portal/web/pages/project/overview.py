"""`/clubs/<club>/<project>`: how it is, what happens just now, and what happened; before the first push, how
to push."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from portal.builds.models import LogStream, StreamState
from portal.projects.facts import standing_of
from portal.projects.following import version_of
from portal.projects.history import happened
from portal.projects.models import Project
from portal.projects.selectors import address
from portal.releases.models import Release, ReleaseState
from portal.web.pages.project.first_push import first_push
from portal.web.pages.project.found import find_project, project_page
from portal.web.pages.project.streams import newest_stream, shown
from portal.web.pages.project.told import duration, events
from portal.web.request import PageRequest

_HAPPENINGS = 12


@require_GET
def overview(request: PageRequest, club: str, project: str) -> HttpResponse:
    """The page; asked by htmx with `part`, the part that has changed."""
    found = find_project(request, project)
    part = request.GET.get("part", "")
    if request.htmx and part == "stream":
        context = {"project": found, "club": request.club, **_stream(found)}
        return _fragment(request, "web/project/part_stream.html", context)
    # Before anything is read: what changes meanwhile is told again.
    version = version_of(found.pk)
    context = _standing(found)
    if request.htmx and part == "standing":
        whole = {"project": found, "club": request.club, "address": address(found), **context}
        return _fragment(request, "web/project/part_standing.html", whole)
    context |= {"version": version, **_stream(found)}
    if context["standing"].state == "empty":
        context["first"] = first_push(found)
    return project_page(request, found, "overview", context)


def _standing(project: Project) -> dict[str, Any]:
    live = Release.objects.filter(project=project, state=ReleaseState.LIVE).select_related("build").first()
    return {
        "standing": standing_of(project),
        "live": live,
        "events": events(project, happened(project, _HAPPENINGS)),
    }


def _stream(project: Project) -> dict[str, Any]:
    """The newest deploy's log: open while it lasts, else folded away."""
    newest = newest_stream(project)
    if newest is None:
        return {"log": None}
    return {"log": shown(project, newest), "took": _took(newest)}


def _took(stream: LogStream) -> str:
    if stream.state == StreamState.OPEN or stream.ended_at is None:
        return ""
    return duration((stream.ended_at - stream.created_at).total_seconds())


def _fragment(request: PageRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    answer = render(request, template, context)
    answer["Cache-Control"] = "no-store"
    return answer
