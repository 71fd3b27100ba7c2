"""`/config`: variables are written and never read, but by who may reveal them, and that is noted."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from portal.problems import Problem
from portal.projects.actions import set_config
from portal.projects.models import Project
from portal.projects.revealing import reveal as reveal_values
from portal.web.once import once
from portal.web.pages.project.found import find_project, project_page
from portal.web.pages.project.variables import Variables, variables
from portal.web.request import PageRequest


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@once
def config(request: PageRequest, club: str, project: str) -> HttpResponse:
    """All changes of one save are one release."""
    found = find_project(request, project)
    if request.method == "GET":
        return _page(request, found, variables(found))
    form = variables(found, request.POST)
    if not form.is_valid():
        return _page(request, found, form, status=422)
    try:
        done = set_config(by=request.by, project=found, set=form.set, unset=form.unset)
    except Problem as problem:
        return _page(request, found, form, refused=problem)
    if not done.changed:
        messages.info(request, _("Nothing changed."))
    elif done.rollout is None:
        messages.success(
            request, _("Kept: %(names)s. They hold from the next push on.") % _named(done.changed)
        )
    else:
        messages.success(
            request,
            _("Kept: %(names)s. Release %(number)d carries them out.")
            % {**_named(done.changed), "number": done.rollout.release.number},
        )
        return redirect("project-release", request.club.slug, found.slug, done.rollout.release.number)
    return redirect("project-config", request.club.slug, found.slug)


@require_POST
def reveal(request: PageRequest, club: str, project: str) -> HttpResponse:
    """The value stands in the answer to the form itself: it is in no address and no session. To htmx it is
    all of the answer, and what was typed on the page stays."""
    found = find_project(request, project)
    name = request.POST.get("name", "")
    values = reveal_values(by=request.by, project=found, names=[name])
    if not request.htmx:
        return _page(request, found, variables(found), revealed=values)
    shown = {"var": {"name": name}, "value": values[name]}
    answer = render(request, "web/project/part_value.html", shown)
    answer["Cache-Control"] = "no-store"
    return answer


def _page(
    request: PageRequest,
    project: Project,
    form: Variables,
    *,
    revealed: dict[str, str] | None = None,
    refused: Problem | None = None,
    status: int = 200,
) -> HttpResponse:
    shown = revealed or {}
    rows = [(var, row, shown.get(var.name)) for var, row in form.known]
    context = {"form": form, "rows": rows, "revealed": bool(revealed)}
    return project_page(request, project, "config", context, refused=refused, status=status)


def _named(names: tuple[str, ...]) -> dict[str, str]:
    return {"names": ", ".join(names[:6]) + ("…" if len(names) > 6 else "")}
