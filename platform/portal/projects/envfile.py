"""Text of a .env file as variables. Pure."""

from __future__ import annotations

import io

from dotenv.parser import parse_stream

from deployer.sentence import Sentence
from portal.problems import invalid


def read_env(text: str) -> dict[str, str]:
    """NAME=value lines, with quotes, comments and `export` as shells and dotenv have them.

    A value with ${…} in it means just that. Raises a 422 problem that names the line, never what it holds.
    """
    found: dict[str, str] = {}
    for binding in parse_stream(io.StringIO(text.removeprefix("\ufeff"))):
        if binding.key is None and not binding.error:
            continue
        # A binding begins with the blank lines and comments before it.
        skipped = binding.original.string[
            : len(binding.original.string) - len(binding.original.string.lstrip())
        ]
        line = binding.original.line + skipped.count("\n")
        if binding.error or binding.key is None or binding.value is None:
            raise invalid(
                "bad-env-line",
                Sentence("Line {line} is no variable.", line=line),
                "Write NAME=value, one a line; put a value with spaces or # into quotes.",
            )
        found[binding.key] = binding.value
    return found
