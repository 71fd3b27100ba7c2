"""Who stands behind the names in the audit log and on rows: people, keys, operators, Madang itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from portal.accounts.models import AccessKey, User


@dataclass(frozen=True)
class Actor:
    """`kind` is person, key, operator or platform; `name` is what people call it."""

    kind: str
    name: str

    @property
    def initials(self) -> str:
        return initials(self.name)


def actors(principals: Iterable[str]) -> dict[str, Actor]:
    """The actor of each `Principal.name`, in two queries at most."""
    names = frozenset(principals)
    parted = {name: name.partition(":") for name in names}
    usernames = {rest for kind, _, rest in parted.values() if kind in {"person", "operator"}}
    key_ids = {rest for kind, _, rest in parted.values() if kind == "key"}
    people = (
        {user.username: display_name(user) for user in User.objects.filter(username__in=usernames)}
        if usernames
        else {}
    )
    keys = dict(AccessKey.objects.filter(id__in=key_ids).values_list("id", "name")) if key_ids else {}
    return {
        name: Actor(kind, {"person": people, "operator": people, "key": keys}.get(kind, {}).get(rest, rest))
        for name, (kind, _, rest) in parted.items()
    }


def display_name(user: User) -> str:
    """The full name if the person gave one."""
    return user.get_full_name().strip() or user.username


def initials(name: str) -> str:
    """Two letters at most: of a Korean name its last two, else of the first and last word."""
    words = name.split()
    if not words:
        return "?"
    if len(words) == 1 and "가" <= words[0][0] <= "힣":
        return words[0][-2:]
    letters = words[0][0] + (words[-1][0] if len(words) > 1 else words[0][1:2])
    return letters.upper()
