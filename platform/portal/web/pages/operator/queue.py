"""`/operator/queue`: which build waits for what; let one jump, cancel one, hold all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from portal.builds import steering
from portal.builds.cancelling import cancel_build
from portal.builds.models import Build, BuildState
from portal.builds.places import Place
from portal.builds.queue import pause as present_pause
from portal.builds.selectors import waiting_with_reasons
from portal.environment import environment
from portal.problems import Problem
from portal.web.once import once
from portal.web.refusing import with_refusal
from portal.web.request import PageRequest


@dataclass(frozen=True)
class Waiting:
    place: Place
    build: Build


@require_GET
def queue(request: PageRequest) -> HttpResponse:
    return _page(request)


@require_POST
@once
def jump(request: PageRequest, number: int) -> HttpResponse:
    return _done(
        request,
        lambda: steering.jump(by=request.by, build_id=number),
        _("Build %(build)s is next.") % {"build": number},
    )


@require_POST
@once
def cancel(request: PageRequest, number: int) -> HttpResponse:
    build = Build.objects.select_related("project__club").filter(pk=number).first()
    if build is None:
        raise Http404(f"no build {number}")
    return _done(
        request,
        lambda: cancel_build(by=request.by, project=build.project, build_id=number),
        _("Build %(build)s of %(project)s is cancelled.") % {"build": number, "project": build.project},
    )


@require_POST
def pause(request: PageRequest) -> HttpResponse:
    why = request.POST.get("why", "")
    return _done(
        request,
        lambda: steering.pause_queue(by=request.by, why=why),
        _("The queue is paused: what runs goes on, nothing new starts."),
        why=why,
    )


@require_POST
def resume(request: PageRequest) -> HttpResponse:
    return _done(request, lambda: steering.resume_queue(by=request.by), _("Builds start again."))


def _done(request: PageRequest, act: Callable[[], object], said: str, why: str = "") -> HttpResponse:
    try:
        act()
    except Problem as error:
        return _page(request, error, why)
    messages.success(request, said)
    return redirect("operator-queue")


def _page(request: PageRequest, problem: Problem | None = None, why: str = "") -> HttpResponse:
    """All of the queue; a refused order comes back with what was typed."""
    places = waiting_with_reasons()
    builds = (
        Build.objects.select_related("project__club").defer("plan").in_bulk([place.build for place in places])
    )
    running = list(
        Build.objects.filter(state=BuildState.RUNNING)
        .select_related("project__club")
        .defer("plan")
        .order_by("started_at")
    )
    at_work = Counter(build.project.club for build in running)
    context = {
        "tab": "queue",
        "waiting": [Waiting(place, builds[place.build]) for place in places if place.build in builds],
        "running": running,
        "shares": [(club, count) for club, count in at_work.most_common()],
        "places": environment().build_concurrency,
        "pause": present_pause(),
        "problem": problem.explanation if problem else None,
        "why": why,
    }
    template = "web/operator/queue_told.html" if request.htmx else "web/operator/queue.html"
    return with_refusal(render(request, template, context), problem)
