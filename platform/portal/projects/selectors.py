"""Reads of projects."""

from __future__ import annotations

from django.db.models import QuerySet

from deployer.sentence import Sentence
from portal.accounts.principal import Principal, Scope
from portal.encryption import decrypt
from portal.environment import environment
from portal.problems import not_found
from portal.projects.models import Project


def find(club: str, project: str) -> Project | None:
    """The project of exactly these names, unless it is being deleted."""
    return (
        Project.objects.select_related("club").filter(club__slug=club, slug=project, deleted_at=None).first()
    )


def get(by: Principal, club: str, project: str, scope: Scope = "read") -> Project:
    """The project, if it is there and `by` may; raises a 404 or 403 problem."""
    by.require(scope, club=club, project=project)
    found = find(club, project)
    if found is None:
        raise not_found(Sentence("project {project}", project=f"{club}/{project}"))
    return found


def visible(by: Principal, club: str) -> QuerySet[Project]:
    """The club's projects that `by` may see."""
    if not by.may_enter(club):
        raise not_found(Sentence("club {club}", club=club))
    projects = Project.objects.select_related("club").filter(club__slug=club, deleted_at=None)
    return projects.filter(slug=by.project) if by.project else projects


def config(project: Project) -> dict[str, str]:
    """The project's variables, decrypted."""
    return {var.name: decrypt(var.encrypted) for var in project.config_vars.all()}


def address(project: Project) -> str:
    """Where the project answers."""
    return environment().app_url.format(subdomain=project.subdomain)
