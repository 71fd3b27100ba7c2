"""Who acts, and what they may do."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from deployer.errors import Explanation
from deployer.sentence import Sentence
from portal.problems import Problem, forbidden, not_found

Scope = Literal["read", "deploy", "manage", "own"]
# What a key may hold; "own" (members, invitations) only a person does.
SCOPES: tuple[Scope, ...] = ("read", "deploy", "manage")
_IMPLIED: dict[str, frozenset[str]] = {
    "read": frozenset({"read"}),
    "deploy": frozenset({"read", "deploy"}),
    "manage": frozenset({"read", "deploy", "manage"}),
    "own": frozenset({"read", "deploy", "manage", "own"}),
}
_OF_ROLE: dict[str, Scope] = {"member": "deploy", "maintainer": "manage", "owner": "own"}
_NO_CLUB = ""  # no club's slug; None would be every club


@dataclass(frozen=True)
class Principal:
    """The one in whose name something is done.

    `club` None: every club (an operator). `project` None: every project of the club. A scope implies the
    smaller ones: own > manage > deploy > read. `address` is where the request came from, for the audit log.
    `barred` says why nothing but reading is allowed now, whatever the scopes.
    """

    name: str
    club: str | None
    project: str | None
    scopes: frozenset[str]
    key_id: str | None = None
    address: str = ""
    barred: Explanation | None = None

    def may(self, scope: Scope, *, club: str, project: str | None = None) -> bool:
        """Whether this scope is held for the project, or (without one) for the club as a whole."""
        if self.barred is not None and scope != "read":
            return False
        if not any(scope in _IMPLIED[held] for held in self.scopes):
            return False
        if self.club is None:
            return True
        if self.club != club:
            return False
        return self.project is None or self.project == project

    def may_enter(self, club: str) -> bool:
        """Whether the club is known to this principal at all (a project's key knows its club)."""
        return self.club is None or self.club == club

    def require(self, scope: Scope, *, club: str, project: str | None = None) -> None:
        """Raises a 404 problem for what may not be seen, a 403 problem for what may be seen but not done."""
        if self.may(scope, club=club, project=project):
            return
        if self.barred is not None and replace(self, barred=None).may(scope, club=club, project=project):
            raise Problem(403, self.barred)
        if self.may("read", club=club, project=project) or (project is None and self.may_enter(club)):
            raise forbidden(scope)
        raise not_found(
            Sentence("project {project}", project=f"{club}/{project}")
            if project
            else Sentence("club {club}", club=club)
        )

    def at(self, address: str) -> Principal:
        """The same, seen from this address."""
        return replace(self, address=address)


def operator(name: str) -> Principal:
    """Who runs the platform; may do everything."""
    return Principal(name=f"operator:{name}"[:100], club=None, project=None, scopes=frozenset({"own"}))


def person(username: str, *, club: str = _NO_CLUB, role: str = "") -> Principal:
    """Somebody who is signed in, in their role in the club; without a club they may do nothing."""
    scopes: frozenset[str] = frozenset({_OF_ROLE[role]}) if club and role else frozenset()
    return Principal(name=f"person:{username}"[:100], club=club, project=None, scopes=scopes)


def platform() -> Principal:
    """Madang itself, in its own tasks."""
    return Principal(name="platform", club=None, project=None, scopes=frozenset({"own"}))
