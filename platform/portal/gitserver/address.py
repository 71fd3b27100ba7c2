"""Which requests are git's: smart HTTP on exactly one repository, or nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import parse_qs


class Service(StrEnum):
    """git's two services; `scope` is what a key needs for it."""

    FETCH = "git-upload-pack"
    PUSH = "git-receive-pack"

    @property
    def scope(self) -> str:
        return "deploy" if self is Service.PUSH else "read"


@dataclass(frozen=True)
class GitRequest:
    """One step of a fetch or a push. `advertisement` is the first one, which lists the refs."""

    club: str
    project: str
    service: Service
    advertisement: bool

    @property
    def tail(self) -> str:
        """The path behind the repository, as git http-backend wants it."""
        return "info/refs" if self.advertisement else self.service.value


_SLUG = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_PATH = re.compile(rf"/({_SLUG})/({_SLUG})\.git/(info/refs|git-upload-pack|git-receive-pack)")


def parse(method: str, path: str, query: str) -> GitRequest | None:
    """None for the dumb protocol, other methods and everything that is not git."""
    match = _PATH.fullmatch(path)
    if match is None:
        return None
    club, project, tail = match.groups()
    if tail == "info/refs":
        wanted = parse_qs(query).get("service", [])
        if method != "GET" or len(wanted) != 1 or wanted[0] not in list(Service):
            return None
        return GitRequest(club, project, Service(wanted[0]), advertisement=True)
    return GitRequest(club, project, Service(tail), advertisement=False) if method == "POST" else None
