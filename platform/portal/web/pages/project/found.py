"""The project that a page is of, and what all of its pages show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.problems import Problem
from portal.projects.models import Project
from portal.projects.selectors import address, find
from portal.web.refusing import with_refusal
from portal.web.request import PageRequest

MANAGING = frozenset({"maintainer", "owner", "operator"})


def find_project(request: PageRequest, slug: str) -> Project:
    """The club's project of this name; the gate has let its reader into the club."""
    found = find(request.club.slug, slug)
    if found is None:
        raise Http404(f"no project {slug}")
    return found


@dataclass(frozen=True)
class Tab:
    """One of a project's pages, as its head names it."""

    name: str
    title: str
    href: str


def project_page(
    request: PageRequest,
    project: Project,
    name: str,
    context: dict[str, Any] | None = None,
    *,
    refused: Problem | None = None,
    status: int = 200,
) -> HttpResponse:
    """`web/project/<name>.html`; a page below another one says in `context` whose `tab` it is.

    `refused` is what could not be done, shown above all, with its status.
    """
    tab = (context or {}).get("tab", name)
    whole = {
        "project": project,
        "club": request.club,
        "address": address(project),
        "manages": request.role in MANAGING,
        "tab": tab,
        "deeper": tab != name,
        "tabs": _tabs(project),
        "refused": refused.explanation if refused else None,
        **(context or {}),
    }
    answer = with_refusal(render(request, f"web/project/{name}.html", whole, status=status), refused)
    # A page may show what only this person may see, and its state is of this moment.
    answer["Cache-Control"] = "no-store"
    return answer


def _tabs(project: Project) -> list[Tab]:
    titles = {
        "overview": _("Overview"),
        "builds": _("Builds"),
        "releases": _("Releases"),
        "logs": _("Logs"),
        "config": _("Variables"),
        "metrics": _("Metrics"),
        "network": _("Address"),
        "settings": _("Settings"),
    }
    routes = {name: f"project-{'home' if name == 'overview' else name}" for name in titles}
    where = [project.club.slug, project.slug]
    return [Tab(name, title, reverse(routes[name], args=where)) for name, title in titles.items()]
