"""The project that a page is of, and what all of its pages show."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render

from portal.problems import Problem
from portal.projects.models import Project
from portal.projects.selectors import address, find
from portal.web.request import PageRequest

MANAGING = frozenset({"maintainer", "owner", "operator"})


def find_project(request: PageRequest, slug: str) -> Project:
    """The club's project of this name; the gate has let its reader into the club."""
    found = find(request.club.slug, slug)
    if found is None:
        raise Http404(f"no project {slug}")
    return found


def project_page(
    request: PageRequest,
    project: Project,
    name: str,
    context: dict[str, Any] | None = None,
    *,
    refused: Problem | None = None,
    status: int = 200,
) -> HttpResponse:
    """`web/project/<name>.html`. `refused` is what could not be done, shown above all, with its status."""
    whole = {
        "project": project,
        "club": request.club,
        "address": address(project),
        "manages": request.role in MANAGING,
        "tab": name,
        "refused": refused.explanation if refused else None,
        **(context or {}),
    }
    answer = render(request, f"web/project/{name}.html", whole, status=refused.status if refused else status)
    # A page may show what only this person may see, and its state is of this moment.
    answer["Cache-Control"] = "no-store"
    return answer
