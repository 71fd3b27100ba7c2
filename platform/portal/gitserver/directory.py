"""What the database knows of the repository that a request names."""

from __future__ import annotations

from dataclasses import dataclass

from deployer.errors import Explanation
from portal.accounts.principal import Principal
from portal.accounts.selectors import authenticate
from portal.environment import environment
from portal.gitserver.address import GitRequest
from portal.gitserver.repositories import Owner
from portal.projects.models import Project
from portal.projects.selectors import find


@dataclass(frozen=True)
class Target:
    """A project, as far as git needs it."""

    owner: Owner
    club: str
    project: str
    url: str

    @property
    def name(self) -> str:
        return f"{self.club}/{self.project}"

    @property
    def project_id(self) -> int:
        return self.owner.project_id

    @property
    def branch(self) -> str:
        return self.owner.branch


@dataclass(frozen=True)
class Admission:
    """What became of a key at a repository. `target` is None unless everything is in order; `barred` says
    why not, where the key itself would do."""

    principal: Principal | None = None
    may_see: bool = False
    target: Target | None = None
    barred: Explanation | None = None


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
    return Admission(
        principal.at(address), may_see, target(project) if allowed else None, barred=principal.barred
    )


def owner_of(project: Project) -> Owner:
    return Owner(project.pk, project.created_at.isoformat(), project.deploy_branch)


def target(project: Project) -> Target:
    return Target(
        owner=owner_of(project),
        club=project.club.slug,
        project=project.slug,
        url=environment().app_url.format(subdomain=project.subdomain),
    )
