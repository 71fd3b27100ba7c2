"""What the command prints: tables for people, JSON for programs."""

import io
import json
import sys
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from madang.terminal import harmless, printable

for _stream in (sys.stdout, sys.stderr):
    if isinstance(_stream, io.TextIOWrapper):
        # What a terminal's encoding has no letter for is a question mark, and no traceback.
        _stream.reconfigure(errors="replace")

screen = Console(highlight=False, soft_wrap=True)
errors = Console(stderr=True, highlight=False, soft_wrap=True)


def say(text: str, style: str = "") -> None:
    screen.print(Text(harmless(text), style=style))


def raw(text: str, style: str = "") -> None:
    """A line that somebody else's program wrote; shown at once."""
    line = printable(text, colours=screen.is_terminal)
    if "\x1b" in line:
        sys.stdout.write(line + "\n")
    else:
        screen.print(Text(line, style=style))
    sys.stdout.flush()


def hint(text: str) -> None:
    """The next step, dimmed and on the error stream, so that a pipe gets only the result."""
    complain(text, "dim")


def complain(text: str, style: str = "") -> None:
    """On the error stream; it may quote what a server or a repository says."""
    errors.print(Text(harmless(text), style=style))


def as_json(value: Any) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def json_line(value: Any) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Columns without frames: read by people, cut by awk."""
    drawn = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        drawn.add_column(column, no_wrap=True)
    for row in rows:
        drawn.add_row(*(Text("-" if cell in (None, "") else harmless(str(cell))) for cell in row))
    screen.print(drawn)


def moment(text: str | None) -> str:
    """An ISO 8601 time as the person's clock shows it, to the minute."""
    if not text:
        return "-"
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone().strftime("%Y-%m-%d %H:%M")
