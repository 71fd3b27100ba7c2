"""The head of a deploy's page, fetched anew as long as something of it may change."""

from __future__ import annotations

from dataclasses import dataclass

from portal.builds.models import LogStream, StreamState


@dataclass(frozen=True)
class Followed:
    """`part` is the template of what is in it, `href` the page that gives it; what does not last is fetched
    no more."""

    id: str
    part: str
    href: str
    lasts: bool


def lasts(stream: LogStream, unfinished: bool) -> bool:
    """A log is open until the last that comes of its deploy: of a push that was built, until its release is
    live or failed."""
    return unfinished or stream.state == StreamState.OPEN
