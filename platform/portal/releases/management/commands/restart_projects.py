from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from portal.commands import OperatorCommand
from portal.problems import Problem
from portal.releases.redeploying import restart, restartable


class Command(OperatorCommand):
    help = (
        "Put projects that are live into the cluster anew, as Restart at a project's Settings does for one: "
        "after a new control plane or a restored backup. What is being rolled out already and what belongs "
        "to a suspended club is left alone, so it may be run again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--club", metavar="SLUG", help="those of one club")
        which.add_argument("--all", action="store_true", help="those of all clubs")
        parser.add_argument("--dry-run", action="store_true", help="only say which")

    def act(self, options: dict[str, Any]) -> None:
        club = self.club(options["club"]) if options["club"] else None
        projects = list(restartable(club))
        refused = 0
        for project in projects:
            if options["dry_run"]:
                self.stdout.write(f"{project}: would be restarted")
                continue
            try:
                number = restart(by=self.by, project=project).release.number
            except Problem as error:
                refused += 1
                self.stderr.write("\n".join([f"{project}: not restarted", *error.explanation.lines()]))
            else:
                self.stdout.write(f"{project}: release {number} is on its way")
        if not projects:
            self.stdout.write("Nothing to restart: no project is live, or all are being rolled out.")
        if refused:
            raise CommandError(f"{refused} of {len(projects)} projects were not restarted.")
