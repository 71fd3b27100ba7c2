from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from portal.commands import OperatorCommand
from portal.environment import environment
from portal.projects.actions import create_project
from portal.projects.selectors import address, find


class Command(OperatorCommand):
    help = "Make a project in a club."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("club")
        parser.add_argument("name", help="lower-case letters, digits and -")
        parser.add_argument("--if-missing", action="store_true", help="leave one that is there as it is")

    def act(self, options: dict[str, Any]) -> None:
        club = self.club(options["club"])
        project = find(club.slug, options["name"]) if options["if_missing"] else None
        if project is None:
            project = create_project(by=self.by, club=club, slug=options["name"])
        self.stdout.write(f"Project {club.slug}/{project.slug}, at {address(project)}")
        self.stdout.write(f"git push {environment().git_url}/{club.slug}/{project.slug}.git main")
