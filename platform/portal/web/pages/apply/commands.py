"""The first commands of a new club's owner, filled in: nothing but git is needed."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from portal.web import git_store
from portal.web.git_push import add_remote, push

USERNAME = "madang"


@dataclass(frozen=True)
class FirstCommands:
    """In the order in which they are typed, in the project's folder."""

    remote: str
    credential: str = field(repr=False)
    push: str

    @property
    def all(self) -> str:
        return "\n".join((self.remote, self.credential, self.push))


def first_commands(git_url: str, club: str, project: str, key: str) -> FirstCommands:
    """`credential` gives the key to git's own store, a file that only its owner reads, for this git server
    alone; a shell of POSIX or Git Bash runs it."""
    place = urlsplit(git_url)
    base = f"{place.scheme}://{place.netloc}"
    login = f"{place.scheme}://{USERNAME}:{key}@{place.netloc}"
    return FirstCommands(
        remote=add_remote(git_url, club, project),
        credential=f"{git_store.keep(base)} && printf 'url={login}\\n\\n' | git credential approve",
        push=push(),
    )
