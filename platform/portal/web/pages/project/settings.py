"""`/settings`: size, restart, the branch that deploys, and the end of the project."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal.problems import Problem
from portal.projects.actions import delete_project
from portal.projects.branching import set_deploy_branch
from portal.projects.models import Project
from portal.releases.redeploying import restart as restart_project
from portal.releases.resources import Resources
from portal.releases.room import budget_of, shares_of
from portal.releases.scaling import MEBIBYTE, MOST_REPLICAS, scale_of
from portal.releases.scaling import scale as scale_project
from portal.releases.steps import live_release
from portal.translating import in_one_line
from portal.web.once import once
from portal.web.pages.club.bars import amounts
from portal.web.pages.project.found import find_project, project_page
from portal.web.request import PageRequest


class ScaleForm(forms.Form):
    replicas = forms.IntegerField(
        label=gettext_lazy("Copies"),
        min_value=1,
        max_value=MOST_REPLICAS,
        help_text=gettext_lazy("With two or more, visitors do not notice when a machine is taken away."),
    )
    memory = forms.IntegerField(
        label=gettext_lazy("Memory of each copy, MiB"), min_value=16, max_value=64 << 10
    )
    cpu = forms.IntegerField(
        label=gettext_lazy("CPU of each copy, thousandths of a core"), min_value=10, max_value=64_000
    )

    @property
    def wanted(self) -> Resources:
        given = self.cleaned_data
        return Resources(given["replicas"], given["memory"] * MEBIBYTE, given["cpu"])


class BranchForm(forms.Form):
    branch = forms.CharField(
        label=gettext_lazy("Branch that deploys"),
        max_length=100,
        help_text=gettext_lazy("A push to this branch deploys; pushes to others are refused."),
    )


@require_GET
def settings(request: PageRequest, club: str, project: str) -> HttpResponse:
    return _page(request, find_project(request, project))


@require_POST
@once
def scale(request: PageRequest, club: str, project: str) -> HttpResponse:
    found = find_project(request, project)
    form = _scale_form(found, request.POST)
    if not form.is_valid():
        return _page(request, found, scale=form, status=422)
    try:
        rollout = scale_project(by=request.by, project=found, wanted=form.wanted)
    except Problem as problem:
        return _page(request, found, scale=form, refused=problem)
    if rollout is None:
        messages.success(request, _("Kept; it holds from the next release on."))
        return redirect("project-settings", request.club.slug, found.slug)
    return _on_its_way(request, found, rollout.release.number)


@require_POST
@once
def restart(request: PageRequest, club: str, project: str) -> HttpResponse:
    found = find_project(request, project)
    try:
        rollout = restart_project(by=request.by, project=found)
    except Problem as problem:
        return _page(request, found, refused=problem)
    return _on_its_way(request, found, rollout.release.number)


@require_POST
def branch(request: PageRequest, club: str, project: str) -> HttpResponse:
    found = find_project(request, project)
    form = BranchForm(request.POST)
    if not form.is_valid():
        return _page(request, found, branch=form, status=422)
    try:
        set_deploy_branch(by=request.by, project=found, branch=form.cleaned_data["branch"])
    except Problem as problem:
        form.add_error("branch", in_one_line(problem.explanation))
        return _page(request, found, branch=form, status=problem.status)
    messages.success(request, _("From now on %(branch)s deploys.") % {"branch": form.cleaned_data["branch"]})
    return redirect("project-settings", request.club.slug, found.slug)


@require_http_methods(["GET", "POST"])
@once
def delete(request: PageRequest, club: str, project: str) -> HttpResponse:
    """A page of its own: whoever deletes types the name."""
    found = find_project(request, project)
    error = ""
    if request.method == "POST":
        if request.POST.get("typed", "").strip() == found.slug:
            delete_project(by=request.by, project=found)
            messages.success(request, _("The project %(name)s is deleted.") % {"name": found.slug})
            return redirect("club-home", request.club.slug)
        error = _("Type the name exactly: %(name)s") % {"name": found.slug}
    context = {"error": error, "typed": request.POST.get("typed", ""), "live": live_release(found.pk)}
    return project_page(request, found, "delete", context | {"tab": "settings"}, status=422 if error else 200)


def _page(
    request: PageRequest,
    project: Project,
    *,
    scale: ScaleForm | None = None,
    branch: BranchForm | None = None,
    refused: Problem | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "scale": scale or _scale_form(project),
        "by_file": sorted(scale_of(project).by_file),
        "room": _room(project),
        "branch": branch or BranchForm(initial={"branch": project.deploy_branch}),
        "live": live_release(project.pk),
    }
    return project_page(
        request,
        project,
        "settings",
        context,
        refused=refused,
        status=status,
    )


def _scale_form(project: Project, given: Any = None) -> ScaleForm:
    """What madang.yaml decides cannot be typed over."""
    now = scale_of(project)
    takes = now.resources
    initial = {
        "replicas": takes.replicas,
        "memory": takes.memory_bytes // MEBIBYTE,
        "cpu": takes.cpu_millicores,
    }
    form = ScaleForm(given, initial=initial)
    for name, decided in (("replicas", "replicas"), ("memory", "memory_bytes"), ("cpu", "cpu_millicores")):
        if decided in now.by_file:
            form.fields[name].disabled = True
            form.fields[name].help_text = _("Set in madang.yaml: web.%(name)s.") % {"name": name}
    return form


def _room(project: Project) -> list[tuple[str, str]]:
    """What the club's other projects leave of the budget: what this one may take in all."""
    shares = shares_of(project.club)
    shares.pop(project.slug, None)
    budget = budget_of(project.club)
    left = [max(limit - sum(parts), 0) for limit, *parts in zip(budget, *shares.values(), strict=True)]
    return list(zip((_("Memory"), _("CPU"), _("Copies")), amounts(type(budget)(*left)), strict=True))


def _on_its_way(request: PageRequest, project: Project, number: int) -> HttpResponse:
    messages.success(request, _("Release %(number)d is on its way.") % {"number": number})
    return redirect("project-release", request.club.slug, project.slug, number)
