from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from portal.accounts.actions import create_key
from portal.accounts.principal import SCOPES
from portal.accounts.selectors import valid_keys
from portal.commands import OperatorCommand
from portal.projects.selectors import find


class Command(OperatorCommand):
    help = "Make an access key for a club and print it, this once, on standard output."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("club")
        parser.add_argument("--name", default="first key", help="whose or what for")
        parser.add_argument(
            "--scope", choices=SCOPES, default="manage", help="each includes the ones before it"
        )
        parser.add_argument("--project", help="for this project only; else for the whole club")
        parser.add_argument("--days", type=int, help="until it expires; else never")
        parser.add_argument(
            "--if-missing", action="store_true", help="print nothing if a valid key of that name is there"
        )

    def act(self, options: dict[str, Any]) -> None:
        club = self.club(options["club"])
        project = find(club.slug, options["project"]) if options["project"] else None
        if options["project"] and project is None:
            raise CommandError(
                f"There is no project {club.slug}/{options['project']}.\n"
                f"Make it: create_project {club.slug} {options['project']}"
            )
        if options["if_missing"] and valid_keys().filter(club=club, name=options["name"]).exists():
            self.stderr.write(f"The key {options['name']!r} is there; it cannot be shown again.")
            return
        days = options["days"]
        _, text = create_key(
            by=self.by,
            club=club,
            name=options["name"],
            scopes=[options["scope"]],
            project=project,
            expires_at=timezone.now() + timedelta(days=days) if days is not None else None,
        )
        self.stdout.write(text)
        self.stderr.write("Shown this once: keep it now.")
