"""A club's members as the pages show them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from portal.accounts.actors import display_name, initials
from portal.clubs.models import Club, Membership
from portal.web.pages.club.words import role_name

_RANK = {"owner": 0, "maintainer": 1, "member": 2}


@dataclass(frozen=True)
class Person:
    """`id` is the membership's."""

    id: int
    username: str
    name: str
    email: str
    initials: str
    role: str
    role_name: str
    since: datetime

    @property
    def dialog(self) -> str:
        """Of the question before they are removed."""
        return f"remove-{self.id}"


def people(club: Club) -> list[Person]:
    """Owners first, then by name: one query."""
    memberships = Membership.objects.filter(club=club).select_related("user")
    found = [_person(membership) for membership in memberships]
    return sorted(found, key=lambda person: (_RANK.get(person.role, 9), person.name.casefold()))


def _person(membership: Membership) -> Person:
    name = display_name(membership.user)
    return Person(
        id=membership.pk,
        username=membership.user.username,
        name=name,
        email=membership.user.email,
        initials=initials(name),
        role=membership.role,
        role_name=role_name(membership.role),
        since=membership.created_at,
    )
