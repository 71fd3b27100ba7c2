"""Addresses of a Madang: its portal, its git server and the projects on it."""

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from madang.problem import Problem

_DEFAULT_PORTS = {"http": 80, "https": 443}
# What no name of a host holds: git's settings and a terminal would take it for more than a letter.
_NO_HOST = re.compile(r"[\s*\x00-\x1f\x7f]")
# As the portal has it: a label of a host name, without two hyphens in a row.
_SLUG = re.compile(r"[a-z](?:-?[a-z0-9])*")
_LONGEST = 40


@dataclass(frozen=True)
class ProjectAddress:
    """A project as its git remote names it."""

    git_url: str
    club: str
    project: str

    @property
    def remote(self) -> str:
        return f"{self.git_url}/{self.club}/{self.project}.git"


def portal_url(text: str) -> str:
    """The portal's origin from what a person typed: `madang.example.org`, with or without a scheme.

    Raises Problem when it is no web address.
    """
    text = text.strip()
    if "://" not in text:
        host = text.split("/", 1)[0].rsplit(":", 1)[0]
        text = f"{'http' if _is_loopback(host) else 'https'}://{text}"
    found = origin(text)
    if found is None:
        raise Problem(
            what=f"“{text}” is no address of a Madang.",
            next="Give the address of the page as in the browser, for example https://madang.example.org",
            reason="bad-address",
        )
    return found


def origin(url: str) -> str | None:
    """Scheme, host and port of a web address, in one spelling; None when it is none."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or _NO_HOST.search(parts.hostname):
        return None
    return f"{parts.scheme}://{_host(parts)}{_port(parts.scheme, port)}"


def told_address(what: str, given: object) -> str:
    """A web address that the portal names, which a browser or git is then given.

    Raises Problem for anything else: to both, some words are orders.
    """
    if origin(str(given)) is None:
        raise Problem(
            what=f"The Madang names an address of {what} that is none.",
            evidence=str(given)[:200],
            next="Check that this is your Madang, by its address in the browser: madang whoami",
            reason="not-madang",
        )
    return str(given)


def parse_remote(url: str) -> ProjectAddress | None:
    """The project behind a git remote `…/<club>/<project>.git`; None when it is another kind."""
    found = origin(url)
    if found is None:
        return None
    path = urlsplit(url).path.strip("/").removesuffix(".git").split("/")
    if len(path) != 2 or not all(_SLUG.fullmatch(part) for part in path):
        return None
    return ProjectAddress(git_url=found, club=path[0], project=path[1])


def is_slug(text: str) -> bool:
    return len(text) <= _LONGEST and _SLUG.fullmatch(text) is not None


def slug_from(text: str) -> str:
    """A project name made of a folder's name: lower case, a letter first, one hyphen for other characters."""
    plain = re.sub(r"[^a-z0-9]+", "-", text.lower()).lstrip("-0123456789")
    return plain[:_LONGEST].rstrip("-")


def _is_loopback(host: str) -> bool:
    return host in {"localhost", "127.0.0.1", "[::1]"} or host.endswith(".localhost")


def _host(parts: SplitResult) -> str:
    host = (parts.hostname or "").lower()
    return f"[{host}]" if ":" in host else host


def _port(scheme: str, port: int | None) -> str:
    return "" if port is None or port == _DEFAULT_PORTS[scheme] else f":{port}"
