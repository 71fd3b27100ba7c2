"""What the database knows of the repository that a request names."""

from __future__ import annotations

from dataclasses import dataclass

from portal.accounts.principal import Principal
from portal.accounts.selectors import authenticate
from portal.environment import environment
from portal.gitserver.address import GitRequest
from portal.projects.models import Project
from portal.projects.selectors import find


@dataclass(frozen=True)
class Target:
    """A project, as far as git needs it."""

    project_id: int
    club: str
    project: str
    branch: str
    url: str

    @property
    def name(self) -> str:
        return f"{self.club}/{self.project}"


@dataclass(frozen=True)
class Admission:
    """What became of a key at a repository. `target` is None unless everything is in order."""

    principal: Principal | None = None
    may_see: bool = False
    target: Target | None = None


def admit(key: str, address: str, request: GitRequest) -> Admission:
    """Looks up the key and the project: the exact club, the exact project, the scope for this service."""
    principal = authenticate(key)
    if principal is None:
        return Admission()
    may_see = principal.may("read", club=request.club, project=request.project)
    allowed = (
        principal.may("deploy", club=request.club, project=request.project)
        if request.service.scope == "deploy"
        else may_see
    )
    project = find(request.club, request.project) if may_see else None
    if project is None:
        return Admission(principal)
    return Admission(principal.at(address), may_see, target(project) if allowed else None)


def target(project: Project) -> Target:
    return Target(
        project_id=project.pk,
        club=project.club.slug,
        project=project.slug,
        branch=project.deploy_branch,
        url=environment().app_url.format(subdomain=project.subdomain),
    )
