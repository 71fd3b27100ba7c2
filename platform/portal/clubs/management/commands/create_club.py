from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from portal.clubs.actions import create_club
from portal.clubs.models import Club
from portal.commands import OperatorCommand


class Command(OperatorCommand):
    help = "Make a club."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="its short name, as in addresses: lower-case letters, digits, -")
        parser.add_argument("--name", help="its full name; else the short one")
        parser.add_argument("--if-missing", action="store_true", help="leave one that is there as it is")

    def act(self, options: dict[str, Any]) -> None:
        slug = options["slug"]
        if options["if_missing"] and Club.objects.filter(slug=slug).exists():
            self.stdout.write(f"The club {slug} is there.")
            return
        create_club(by=self.by, slug=slug, name=options["name"] or slug)
        self.stdout.write(f"The club {slug} is made. Its first key: create_key {slug}")
