"""Projects: list, create, look at, delete."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from ninja import Field, Router, Schema, Status

from portal.api.authentication import principal
from portal.api.paging import After, Limit, page
from portal.clubs import selectors as clubs
from portal.environment import environment
from portal.projects import actions, selectors
from portal.projects.facts import facts
from portal.projects.models import Project
from portal.projects.standing import Facts, standing

router = Router(tags=["projects"])


class ProjectOut(Schema):
    club: str
    name: str
    url: str
    git_url: str
    deploy_branch: str
    state: str = Field(
        description=(
            "empty, deploying, live, down (its address fails), unchecked (not asked lately), failed or "
            "suspended (its club is)"
        )
    )
    reason: str = Field(description="why it is so, in a word")
    what: str = Field(description="why it is so, in a sentence")
    since: datetime
    release: int | None = Field(description="the live release's version")
    created_at: datetime


class NewProject(Schema):
    name: str


@router.get("/clubs/{club}/projects", response=list[ProjectOut])
def list_projects(
    request: HttpRequest, response: HttpResponse, club: str, limit: Limit = 100, after: After = None
) -> list[ProjectOut]:
    """The club's projects that the key may see, by name."""
    projects = page(
        request, response, selectors.visible(principal(request), club), "slug", limit=limit, after=after
    )
    return _shown(projects)


@router.post("/clubs/{club}/projects", response={201: ProjectOut})
def create_project(request: HttpRequest, club: str, new: NewProject) -> Status[ProjectOut]:
    """Makes a project with a git repository and an address."""
    by = principal(request)
    project = actions.create_project(by=by, club=clubs.get(by, club, "manage"), slug=new.name)
    return Status(201, _shown([project])[0])


@router.get("/clubs/{club}/projects/{project}", response=ProjectOut)
def get_project(request: HttpRequest, club: str, project: str) -> ProjectOut:
    found = selectors.get(principal(request), club, project)
    return _shown([found])[0]


@router.delete("/clubs/{club}/projects/{project}", response={204: None})
def delete_project(request: HttpRequest, club: str, project: str) -> Status[None]:
    """Takes it off the web, with its releases, settings, images and repository."""
    by = principal(request)
    actions.delete_project(by=by, project=selectors.get(by, club, project, "manage"))
    return Status(204, None)


def _shown(projects: Sequence[Project]) -> list[ProjectOut]:
    known = facts(projects)
    return [_one(project, known[project.pk]) for project in projects]


def _one(project: Project, known: Facts) -> ProjectOut:
    club, told = project.club.slug, standing(known)
    return ProjectOut(
        club=club,
        name=project.slug,
        url=selectors.address(project),
        git_url=f"{environment().git_url}/{club}/{project.slug}.git",
        deploy_branch=project.deploy_branch,
        state=told.state,
        reason=told.reason,
        what=told.sentence,
        since=told.since,
        release=known.live.number if known.live else None,
        created_at=project.created_at,
    )
