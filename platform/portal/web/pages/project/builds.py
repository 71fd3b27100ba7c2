"""`/builds` and `/builds/N`: each build with its log, to cancel, to build again and to deploy again."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from portal.accounts.actors import actors
from portal.builds import rebuilding
from portal.builds.cancelling import cancel_build
from portal.builds.models import BUILD_STATES, Build, BuildState
from portal.builds.selectors import place_of
from portal.problems import Problem
from portal.projects.models import Project
from portal.releases.models import Release
from portal.releases.redeploying import can_redeploy
from portal.releases.redeploying import redeploy as redeploy_build
from portal.translating import in_one_line, what_happened
from portal.web.once import once
from portal.web.pages.club.words import called
from portal.web.pages.project.followed import Followed, lasts
from portal.web.pages.project.found import find_project, project_page
from portal.web.pages.project.streams import shown
from portal.web.pages.project.told import duration, state_word
from portal.web.request import PageRequest

_ON_A_PAGE = 30


@require_GET
def builds(request: PageRequest, club: str, project: str) -> HttpResponse:
    found = find_project(request, project)
    page = Paginator(Build.objects.filter(project=found).order_by("-id"), _ON_A_PAGE).get_page(
        request.GET.get("page")
    )
    known = actors(build.pushed_by for build in page)
    rows = [
        {
            "build": build,
            "word": state_word(build.state),
            "who": called(known[build.pushed_by]),
            "took": duration(seconds_of(build)),
            "why": what_happened(build.explanation),
        }
        for build in page
    ]
    return project_page(request, found, "builds", {"rows": rows, "page": page})


@require_GET
def build(request: PageRequest, club: str, project: str, number: int) -> HttpResponse:
    """The page; asked by htmx, its head alone."""
    found = find_project(request, project)
    return _page(request, found, number)


@require_POST
@once
def cancel(request: PageRequest, club: str, project: str, number: int) -> HttpResponse:
    found = find_project(request, project)
    try:
        ended = cancel_build(by=request.by, project=found, build_id=number)
    except Problem as problem:
        return _refused(request, found, number, problem)
    if ended.state in BUILD_STATES.terminal:
        messages.success(request, _("Build %(number)d is cancelled.") % {"number": number})
    else:
        messages.info(
            request, _("Build %(number)d is asked to end; that takes seconds.") % {"number": number}
        )
    return redirect("project-build", request.club.slug, found.slug, number)


@require_POST
@once
def redeploy(request: PageRequest, club: str, project: str, number: int) -> HttpResponse:
    found = find_project(request, project)
    try:
        rollout = redeploy_build(by=request.by, project=found, build_id=number)
    except Problem as problem:
        return _refused(request, found, number, problem)
    messages.success(request, _("Release %(number)d is on its way.") % {"number": rollout.release.number})
    return redirect("project-release", request.club.slug, found.slug, rollout.release.number)


@require_POST
@once
def rebuild(request: PageRequest, club: str, project: str, number: int) -> HttpResponse:
    found = find_project(request, project)
    try:
        build = rebuilding.rebuild(by=request.by, project=found, build_id=number)
    except Problem as problem:
        return _refused(request, found, number, problem)
    messages.success(
        request,
        _("Build %(number)d builds the same commit again, when it is its turn.") % {"number": build.pk},
    )
    return redirect("project-build", request.club.slug, found.slug, build.pk)


def seconds_of(build: Build) -> float | None:
    """From its start to its end, or to now; None while it waits."""
    if build.started_at is None:
        return None
    return ((build.finished_at or timezone.now()) - build.started_at).total_seconds()


def _page(
    request: PageRequest, project: Project, number: int, refused: Problem | None = None
) -> HttpResponse:
    context = _context(project, number)
    if request.htmx and not request.htmx.boosted:
        whole = {"project": project, "club": request.club, **context}
        return render(request, "web/project/followed_head.html", whole)
    build: Build = context["build"]
    context["log"] = shown(project, build.stream)
    return project_page(
        request,
        project,
        "build",
        context | {"tab": "builds"},
        refused=refused,
    )


def _context(project: Project, number: int) -> dict[str, Any]:
    build = Build.objects.select_related("stream").filter(project=project, pk=number).first()
    if build is None:
        raise Http404(f"no build {number}")
    known = actors([build.pushed_by])
    running = build.state not in BUILD_STATES.terminal
    return {
        "build": build,
        "word": state_word(build.state),
        "who": called(known[build.pushed_by]),
        "took": duration(seconds_of(build)),
        "place": place_of(build) if build.state == BuildState.QUEUED else None,
        "running": running,
        "followed": Followed(
            "build",
            "web/project/part_build.html",
            reverse("project-build", args=[project.club.slug, project.slug, build.pk]),
            lasts(build.stream, running),
        ),
        "stopping": bool(build.stop_requested),
        "releases": list(Release.objects.filter(build=build).order_by("-number")[:10]),
        "again": can_redeploy(build),
        "why": build.explanation if build.state != BuildState.SUCCEEDED else None,
        "rebuilds": list(build.rebuilds.order_by("pk").values_list("pk", flat=True)),
        **_rebuilding(build),
    }


def _rebuilding(build: Build) -> dict[str, Any]:
    """Whether it can be built again; of one that brought nothing also why not."""
    if build.state not in rebuilding.REBUILDABLE:
        return {"rebuildable": False}
    problem = rebuilding.refusal(build)
    return {
        "rebuildable": problem is None,
        "not_rebuildable": in_one_line(problem.explanation) if problem else "",
    }


def _refused(request: PageRequest, project: Project, number: int, problem: Problem) -> HttpResponse:
    if problem.status == 404:
        raise Http404(problem.explanation.what)
    return _page(request, project, number, problem)
