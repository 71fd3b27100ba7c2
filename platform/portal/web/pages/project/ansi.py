"""Colours of a terminal's text as classes of our own; every other escape sequence is left out. Pure."""

from __future__ import annotations

import re
from typing import NamedTuple

_SEQUENCE = re.compile(
    r"\x1b(?:"
    r"\[(?P<codes>[0-9;:]*)m"  # colours
    r"|\[[0-?]*[ -/]*[@-~]"  # cursor and screen
    r"|\][^\x07\x1b]*(?:\x07|\x1b\\)?"  # titles and links
    r"|[ -/]*[0-~]"
    r")?"
)
# More stretches than any tool's line has: a page shows a thousand lines, and each stretch is an element.
MOST_PARTS = 100
_COLOURS = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
_STYLES = {1: "bold", 2: "dim", 3: "italic", 4: "underline"}
_ENDS = {22: {"bold", "dim"}, 23: {"italic"}, 24: {"underline"}}


class Part(NamedTuple):
    """A stretch of text with its classes ("ansi-bold ansi-red"), or none."""

    classes: str
    text: str


def parts(line: str) -> list[Part]:
    """A line in stretches of one look; their texts joined are the line without its sequences.

    What comes after `MOST_PARTS` has one look, the last's.
    """
    found: list[Part] = []
    look = _Look()
    end = 0
    for match in _SEQUENCE.finditer(line):
        _add(found, look, line[end : match.start()])
        end = match.end()
        if match["codes"] is not None:
            look.obey(match["codes"])
        if len(found) >= MOST_PARTS - 1:
            break
    _add(found, look, plain(line[end:]))
    return found


def plain(line: str) -> str:
    """The line as a file of text has it."""
    return _SEQUENCE.sub("", line)


class _Look:
    def __init__(self) -> None:
        self._styles: set[str] = set()
        self._colour = ""

    @property
    def classes(self) -> str:
        names = [*sorted(self._styles), *([self._colour] if self._colour else [])]
        return " ".join(f"ansi-{name}" for name in names)

    def obey(self, text: str) -> None:
        codes = [int(code) if code and len(code) < 4 else 0 for code in re.split("[;:]", text)]
        while codes:
            code = codes.pop(0)
            if code in (38, 48):
                # A colour of 256 or of all: its numbers are no codes.
                del codes[: {5: 2, 2: 4}.get(codes[0] if codes else 0, 0)]
            elif code == 0:
                self._styles, self._colour = set(), ""
            elif code in _STYLES:
                self._styles.add(_STYLES[code])
            elif code in _ENDS:
                self._styles -= _ENDS[code]
            elif 30 <= code <= 37 or 90 <= code <= 97:
                self._colour = _COLOURS[code % 10]
            elif code == 39:
                self._colour = ""


def _add(found: list[Part], look: _Look, text: str) -> None:
    if text:
        found.append(Part(look.classes, text))
