from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from portal.clubs.actions import add_member
from portal.clubs.models.membership import Role
from portal.commands import OperatorCommand


class Command(OperatorCommand):
    help = "Add a person to a club, or change their role."

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
