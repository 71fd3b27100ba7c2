"""Who stands at the registry's door: a running build, a club's nodes, or somebody with an access key."""

from __future__ import annotations

import re

from portal.accounts.principal import Principal
from portal.accounts.selectors import authenticate
from portal.builds.models import Build, BuildState
from portal.clubs.models import Club
from portal.derived import pull_password, push_password, same
from portal.registry.grants import NOTHING, PULL, PUSH, Rights

_BUILD = re.compile(r"build-([0-9]{1,18})")
_CLUB = re.compile(r"club-([a-z0-9-]{1,30})")
_KEY_PREFIX = "mdg_"


def log_in(username: str, password: str) -> Rights | None:
    """The rights of a user name and password, or None; there is no anonymous access."""
    if password.startswith(_KEY_PREFIX):
        principal = authenticate(password)
        return None if principal is None else _of_principal(principal)
    if match := _BUILD.fullmatch(username):
        return _of_build(int(match[1]), password)
    if match := _CLUB.fullmatch(username):
        return _of_club(match[1], password)
    return None


def _of_build(build_id: int, password: str) -> Rights | None:
    build = (
        Build.objects.select_related("project__club").filter(pk=build_id, state=BuildState.RUNNING).first()
    )
    if build is None or not same(password, push_password(build.pk, build.attempt)):
        return None
    own = f"{build.project.club.slug}/{build.project.slug}"
    may_push = frozenset({own, f"cache/{own}"})
    return lambda repository: PUSH if repository in may_push else NOTHING


def _of_club(slug: str, password: str) -> Rights | None:
    club = Club.objects.filter(slug=slug).first()
    if club is None or not same(password, pull_password(club.pk)):
        return None

    def rights(repository: str) -> frozenset[str]:
        parts = repository.split("/")
        return PULL if len(parts) == 2 and parts[0] == slug else NOTHING

    return rights


def _of_principal(principal: Principal) -> Rights:
    def rights(repository: str) -> frozenset[str]:
        parts = repository.split("/")
        if len(parts) != 2:
            return NOTHING
        return PULL if principal.may("read", club=parts[0], project=parts[1]) else NOTHING

    return rights
