from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Callable
from typing import Any

from django.core.management.base import CommandParser

from deployer.source.quantity import cpu_millicores, memory_bytes
from portal.clubs.actions import set_budget
from portal.clubs.budget import Share
from portal.clubs.limits import set_limits
from portal.commands import OperatorCommand
from portal.releases.room import budget_of, shares_of


class Command(OperatorCommand):
    help = (
        "Show a club's budget and what its projects take; with an option, change it. A smaller one ends "
        "nothing that runs, but nothing may grow beyond it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("club")
        parser.add_argument("--memory", type=_amount(memory_bytes), help="of all copies together, as 8Gi")
        parser.add_argument(
            "--cpu", type=_amount(cpu_millicores), help="of all copies together, as 6 or 500m"
        )
        parser.add_argument("--pods", type=int, help="how many copies of all projects together")
        parser.add_argument("--projects", type=int, help="how many projects the club may have")
        parser.add_argument("--builds", type=int, help="how many of its builds run at once")

    def act(self, options: dict[str, Any]) -> None:
        club = self.club(options["club"])
        given = (options["memory"], options["cpu"], options["pods"])
        before = budget_of(club)
        budget = Share(*(old if new is None else new for new, old in zip(given, before, strict=True)))
        if budget != before:
            set_budget(by=self.by, club=club, budget=budget)
        wanted, limits = (options["projects"], options["builds"]), (club.max_projects, club.builds)
        projects, builds = (old if new is None else new for new, old in zip(wanted, limits, strict=True))
        if (projects, builds) != (club.max_projects, club.builds):
            set_limits(by=self.by, club=club, projects=projects, builds=builds)
        shares = shares_of(club)
        self.stdout.write(f"budget: {budget}")
        self.stdout.write(f"projects: at most {projects}; builds at once: {builds}")
        self.stdout.write(f"taken: {sum(shares.values(), Share())}")
        for name, share in sorted(shares.items()):
            self.stdout.write(f"  {name}: {share}")


def _amount(read: Callable[[object], int]) -> Callable[[str], int]:
    def parse(text: str) -> int:
        try:
            return read(text)
        except ValueError as error:
            raise ArgumentTypeError(str(error)) from error

    return parse
