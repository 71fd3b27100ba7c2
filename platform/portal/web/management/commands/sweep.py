from __future__ import annotations

import time
from typing import Any

from django.core.management.base import CommandParser

from portal.commands import OperatorCommand
from portal.environment import environment
from portal.sweeping import sweep


class Command(OperatorCommand):
    help = (
        "Nudge work that waits or was abandoned and remove what ended builds left, as beat does all the "
        "time; without --once until it is interrupted."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="one round")

    def act(self, options: dict[str, Any]) -> None:
        while True:
            self.stdout.write(str(sweep()))
            if options["once"]:
                return
            time.sleep(environment().sweep_seconds)
