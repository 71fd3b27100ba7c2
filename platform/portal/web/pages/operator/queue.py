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
from portal.builds.models import BUILD_STATES, Build, BuildState
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
    def act() -> str:
        steering.jump(by=request.by, build_id=number)
        return _("Build %(build)s is next.") % {"build": number}

    return _done(request, act)


@require_POST
@once
def cancel(request: PageRequest, number: int) -> HttpResponse:
    build = Build.objects.select_related("project__club").filter(pk=number).first()
    if build is None:
        raise Http404(f"no build {number}")

    def act() -> str:
        ended = cancel_build(by=request.by, project=build.project, build_id=number)
        if ended.state not in BUILD_STATES.terminal:
            return _("Build %(number)d is asked to end; that takes seconds.") % {"number": number}
        told = _("Build %(build)s of %(project)s is cancelled. It can be built again on its page.")
        return told % {"build": number, "project": build.project}

    return _done(request, act)


@require_POST
def pause(request: PageRequest) -> HttpResponse:
    why = request.POST.get("why", "")

    def act() -> str:
        steering.pause_queue(by=request.by, why=why)
        return _("The queue is paused: what runs goes on, nothing new starts.")

    return _done(request, act, why)


@require_POST
def resume(request: PageRequest) -> HttpResponse:
    def act() -> str:
        steering.resume_queue(by=request.by)
        return _("Builds start again.")

    return _done(request, act)


def _done(request: PageRequest, act: Callable[[], str], why: str = "") -> HttpResponse:
    """Back to the queue with what `act` says of itself, or the queue with why it was refused."""
    try:
        said = act()
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
