"""git's credential helper protocol (gitcredentials(7), git-credential(1)): attributes, one a line."""

from collections.abc import Iterable
from dataclasses import dataclass

from madang.address import origin
from madang.hosts import Host, Hosts

USERNAME = "madang"


@dataclass(frozen=True)
class Request:
    """What git asks about. url: scheme, host and port; club, project: from the path, if git gave one."""

    url: str | None
    club: str | None
    project: str | None
    username: str | None
    password: str | None


def parse_request(lines: Iterable[str]) -> Request:
    """Reads attributes up to the first empty line; unknown ones are passed over, as the protocol asks."""
    attributes: dict[str, str] = {}
    for raw in lines:
        line = raw.rstrip("\n")
        if not line:
            break
        name, _, value = line.partition("=")
        attributes[name] = value
    address = f"{attributes.get('protocol', '')}://{attributes.get('host', '')}"
    club, _, project = attributes.get("path", "").strip("/").removesuffix(".git").partition("/")
    return Request(
        url=origin(address),
        club=club or None,
        project=project or None,
        username=attributes.get("username"),
        password=attributes.get("password"),
    )


def host_of(request: Request, hosts: Hosts) -> Host | None:
    """The host that the request is for: same scheme, name and port, nothing near it."""
    return hosts.with_git_url(request.url) if request.url else None


def answer(request: Request, hosts: Hosts) -> str:
    """What `get` prints: user name and key, or nothing so that git asks its next helper."""
    host = host_of(request, hosts)
    key = host.key_for(request.club, request.project) if host else None
    if key is None:
        return ""
    return f"username={request.username or USERNAME}\npassword={key}\n"
