from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from portal.commands import OperatorCommand
from portal.projects.given_up import free_at, lasting, let_go


class Command(OperatorCommand):
    help = (
        "List the subdomains that projects have given up lately, which only their own club may take again, "
        "and until when; with --let-go, let everybody take one at once."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--let-go", metavar="SUBDOMAIN")

    def act(self, options: dict[str, Any]) -> None:
        if options["let_go"]:
            let_go(by=self.by, subdomain=options["let_go"])
            self.stdout.write(f"{options['let_go']} is free.")
            return
        for each in lasting().select_related("club"):
            whose = each.club.slug if each.club else "a club that is deleted"
            self.stdout.write(f"{each.subdomain}: of {whose}, until {free_at(each):%Y-%m-%d}")
