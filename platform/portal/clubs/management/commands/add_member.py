from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from portal.accounts.welcoming import has_been_here
from portal.clubs.actions import add_member
from portal.clubs.models.membership import Role
from portal.commands import OperatorCommand
from portal.public_address import public_address


class Command(OperatorCommand):
    help = (
        "Add a person who has an account to a club, or change their role. Others are invited by e-mail, at "
        "the club's Members: an account that is made here cannot sign in."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("club")
        parser.add_argument("username")
        parser.add_argument("--role", choices=Role.values, default=Role.MEMBER.value)

    def act(self, options: dict[str, Any]) -> None:
        member = add_member(
            by=self.by,
            club=self.club(options["club"]),
            username=options["username"],
            role=options["role"],
        )
        self.stdout.write(f"{options['username']} is {member.role} of {options['club']}.")
        if not has_been_here(member.user):
            self.stderr.write(
                f"{options['username']} has never signed in. Invite people by e-mail: "
                f"{public_address('club-members', options['club'])}"
            )
