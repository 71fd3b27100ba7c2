"""Which of the access that a client asks for it gets (distribution token specification)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Access:
    """A resource and actions on it, as in a token's `access` claim."""

    type: str
    name: str
    actions: frozenset[str]

    def claim(self) -> dict[str, object]:
        return {"type": self.type, "name": self.name, "actions": sorted(self.actions)}


# What a login may do with a repository of that exact name.
Rights = Callable[[str], frozenset[str]]

PULL = frozenset({"pull"})
PUSH = frozenset({"pull", "push"})
NOTHING: frozenset[str] = frozenset()


def parse_scopes(scopes: Iterable[str]) -> list[Access]:
    """`repository:club/project:pull,push`, several apart by spaces; what is no scope is left out."""
    found = []
    for scope in (part for text in scopes for part in text.split()):
        kind, colon, rest = scope.partition(":")
        name, second, actions = rest.rpartition(":")
        if colon and second and name:
            found.append(Access(kind, name, frozenset(action for action in actions.split(",") if action)))
    return found


def grant(asked: Iterable[Access], rights: Rights) -> list[Access]:
    """The part of what is asked for that the rights hold; never the catalogue, never by prefix."""
    granted = []
    for access in asked:
        actions = access.actions & rights(access.name) if access.type == "repository" else NOTHING
        if actions:
            granted.append(Access(access.type, access.name, actions))
    return granted
