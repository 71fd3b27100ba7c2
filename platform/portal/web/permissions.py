"""Who may open which route: one table, by the route's name. What is not in it is open to nobody."""

from __future__ import annotations

from enum import Enum


class Access(Enum):
    """Whom a route is for. Actions check again what may be done."""

    PUBLIC = "anybody"
    SIGNED = "whoever holds the signed link, which the view checks"
    KEY = "an access key, which the API checks"
    PERSON = "whoever is signed in"
    MEMBER = "members of the club"
    MAINTAINER = "maintainers and owners of the club"
    OWNER = "owners of the club"
    OPERATOR = "operators"


PERMISSIONS: dict[str, Access] = {
    # front
    "front-home": Access.PUBLIC,
    "front-status": Access.PUBLIC,
    "front-language": Access.PUBLIC,
    "healthz": Access.PUBLIC,
    "readyz": Access.PUBLIC,
    "static": Access.PUBLIC,
    # account: allauth's names and ours
    "account_login": Access.PUBLIC,
    "account_logout": Access.PUBLIC,
    # the registry, whose clients log in by themselves
    "registry-token": Access.KEY,
    # the API
    "api-v1:openapi-json": Access.PUBLIC,
    "api-v1:openapi-view": Access.PUBLIC,
    "api-v1:api-root": Access.PUBLIC,
    "api-v1:list_builds": Access.KEY,
    "api-v1:cancel": Access.KEY,
    "api-v1:get_config": Access.KEY,
    "api-v1:change_config": Access.KEY,
    "api-v1:put_interruption": Access.KEY,
    "api-v1:whoami": Access.KEY,
    "api-v1:list_keys": Access.KEY,
    "api-v1:create_key": Access.KEY,
    "api-v1:revoke_key": Access.KEY,
    "api-v1:logs": Access.KEY,
    "api-v1:list_projects": Access.KEY,
    "api-v1:create_project": Access.KEY,
    "api-v1:get_project": Access.KEY,
    "api-v1:delete_project": Access.KEY,
    "api-v1:list_releases": Access.KEY,
    "api-v1:rollback": Access.KEY,
    "api-v1:latest_stream": Access.KEY,
    "api-v1:watch": Access.KEY,
    # apply
    # club
    # project
    # operator
}
ROLES: dict[Access, frozenset[str]] = {
    Access.MEMBER: frozenset({"member", "maintainer", "owner", "operator"}),
    Access.MAINTAINER: frozenset({"maintainer", "owner", "operator"}),
    Access.OWNER: frozenset({"owner", "operator"}),
}
"""Which roles in the route's club each access lets in."""


def access(route: str) -> Access | None:
    """The table's entry for a route (`resolver_match.view_name`); None: it is open to nobody."""
    return PERMISSIONS.get(route)
