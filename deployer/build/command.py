"""A command as a person wrote it, as the list that a container runs."""

from __future__ import annotations

import re
import shlex

SHELL = re.compile(r"[$`|&;<>()*?\[\]{}~#!\\\n]")
# exec replaces the shell, so only a lone command may have it; with "a && b", b would never run.
SEQUENCE = re.compile(r"[|&;()\n]")


def command_line(text: str) -> tuple[str, ...]:
    """Split words where that is all there is to it; else a shell that makes way for the command.

    The app should be the process that gets SIGTERM, so there is no shell in between unless it is needed.
    """
    text = text.strip()
    first = text.split(maxsplit=1)[0] if text else ""
    assigns = re.match(r"[A-Za-z_][A-Za-z0-9_]*=", first) is not None
    if not SHELL.search(text) and not assigns:
        try:
            return tuple(shlex.split(text))
        except ValueError:
            return ("/bin/sh", "-c", text)
    if SEQUENCE.search(text):
        return ("/bin/sh", "-c", text)
    if assigns:
        return ("/bin/sh", "-c", f"exec env {text}")
    return ("/bin/sh", "-c", text if first == "exec" else f"exec {text}")
