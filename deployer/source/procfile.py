"""Procfile: one "type: command" a line, as Heroku defined it."""

from __future__ import annotations

import re

from deployer.errors import Explanation, UserError
from deployer.sentence import Sentence

LINE = re.compile(r"([A-Za-z0-9_-]+)\s*:\s*(\S.*)")


def parse_procfile(text: str) -> dict[str, str]:
    """Commands by process type; UserError that names the line for anything else."""
    commands: dict[str, str] = {}
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip().lstrip("\ufeff")
        if not line or line.startswith("#"):
            continue
        match = LINE.fullmatch(line)
        if match is None:
            raise UserError(
                Explanation(
                    "bad-procfile",
                    Sentence("Procfile line {line} is not of the form `web: command`.", line=number),
                    line,
                    Sentence(
                        "Correct line {line} of {file}, commit and push again.", line=number, file="Procfile"
                    ),
                )
            )
        commands[match[1]] = match[2].strip()
    return commands
