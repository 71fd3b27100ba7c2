from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from portal.commands import OperatorCommand
from portal.environment import environment
from portal.projects.repository_sizes import by_club, club_bytes, largest

_SHOWN = 1000


class Command(OperatorCommand):
    help = (
        "List what each club's repositories take on the git server's disk, the largest first; with a club, "
        "each of its repositories."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("club", nargs="?")

    def act(self, options: dict[str, Any]) -> None:
        most = environment().git_club_limit_bytes
        if options["club"]:
            club = self.club(options["club"])
            found = largest(club.slug, _SHOWN)
            self.stdout.write(f"{club.slug}: {_mebibytes(club_bytes(club.slug))} of {_mebibytes(most)}")
        else:
            found = by_club()
            self.stdout.write(f"a club may take {_mebibytes(most)}")
        for name, size_bytes in found:
            self.stdout.write(f"  {name}: {_mebibytes(size_bytes)}")


def _mebibytes(size_bytes: int) -> str:
    return f"{size_bytes / (1 << 20):.1f} MiB"
