"""`/releases` and `/releases/N`: what was live when, and the way back, after a look at what it changes."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from portal.accounts.actors import actors
from portal.problems import Problem
from portal.projects.models import Project
from portal.releases.actions import rollback as roll_back
from portal.releases.comparing import compare, compare_with_now
from portal.releases.models import RELEASE_STATES, Release, Rollout, RolloutState
from portal.releases.steps import live_release
from portal.releases.turns import waits
from portal.translating import translated, what_happened
from portal.web.once import once
from portal.web.pages.club.words import called
from portal.web.pages.project.followed import Followed, lasts
from portal.web.pages.project.found import find_project, project_page
from portal.web.pages.project.reasons import reason_of
from portal.web.pages.project.streams import shown
from portal.web.pages.project.told import state_word
from portal.web.request import PageRequest

_ON_A_PAGE = 30
_UNFINISHED = ("pending", "rolling_out")


@require_GET
def releases(request: PageRequest, club: str, project: str) -> HttpResponse:
    found = find_project(request, project)
    rows = Release.objects.filter(project=found).select_related("build", "rollout").order_by("-number")
    page = Paginator(rows, _ON_A_PAGE).get_page(request.GET.get("page"))
    known = actors(release.created_by for release in page)
    context = {
        "rows": [
            {
                "release": release,
                "word": state_word(release.state),
                "who": called(known[release.created_by]),
                "why": _why(release),
                "reason": reason_of(release.description),
                "back": can_go_back(release),
            }
            for release in page
        ],
        "page": page,
    }
    return project_page(request, found, "releases", context)


@require_GET
def release(request: PageRequest, club: str, project: str, number: int) -> HttpResponse:
    """The page; asked by htmx, its head alone."""
    found = find_project(request, project)
    shown_one = _find(found, number)
    context = _context(shown_one)
    if request.htmx and not request.htmx.boosted:
        whole = {"project": found, "club": request.club, **context}
        return render(request, "web/project/followed_head.html", whole)
    context["log"] = shown(found, shown_one.rollout.stream)
    return project_page(request, found, "release", context | {"tab": "releases"})


@require_http_methods(["GET", "POST"])
@once
def rollback(request: PageRequest, club: str, project: str, number: int) -> HttpResponse:
    """GET shows what would change, by name; POST does it."""
    found = find_project(request, project)
    target = _find(found, number)
    refused = None
    if request.method == "POST":
        try:
            rollout = roll_back(by=request.by, project=found, number=number)
        except Problem as problem:
            refused = problem
        else:
            messages.success(
                request, _("Release %(number)d is on its way.") % {"number": rollout.release.number}
            )
            return redirect("project-release", request.club.slug, found.slug, rollout.release.number)
    context = {
        "release": target,
        "live": live_release(found.pk),
        "difference": compare_with_now(found, target),
        "possible": can_go_back(target),
        "tab": "releases",
    }
    return project_page(
        request,
        found,
        "rollback",
        context,
        refused=refused,
    )


def can_go_back(release: Release) -> bool:
    """Whether it worked once, its image is there, and it is not what is live."""
    return (
        release.state in RELEASE_STATES.terminal and release.went_live_at is not None and release.image_kept
    )


def _context(release: Release) -> dict[str, Any]:
    project = release.project
    before = (
        Release.objects.filter(project=project, number__lt=release.number)
        .exclude(went_live_at=None)
        .select_related("build")
        .order_by("-number")
        .first()
    )
    known = actors([release.created_by])
    unfinished = release.state in _UNFINISHED
    return {
        "release": release,
        "word": state_word(release.state),
        "reason": reason_of(release.description),
        "who": called(known[release.created_by]),
        "why": release.rollout.explanation if release.state == "failed" else None,
        "progress": _how_far(release.rollout) if unfinished else "",
        "followed": Followed(
            "release",
            "web/project/part_release.html",
            reverse("project-release", args=[project.club.slug, project.slug, release.number]),
            lasts(release.rollout.stream, unfinished),
        ),
        "back": can_go_back(release),
        "before": before,
        "difference": compare(before, release) if before else None,
    }


def _how_far(rollout: Rollout) -> str:
    """Of one that waits for others of its club, that."""
    wait = waits().get(rollout.pk) if rollout.state == RolloutState.QUEUED else None
    return wait.what if wait is not None else translated(rollout.how_far)


def _why(release: Release) -> str:
    return what_happened(release.rollout.explanation) if release.state == "failed" else ""


def _find(project: Project, number: int) -> Release:
    found = (
        Release.objects.select_related("build", "rollout__stream", "project__club")
        .filter(project=project, number=number)
        .first()
    )
    if found is None:
        raise Http404(f"no release {number}")
    return found
