"""BuildKit's log as a student wants to read it: the steps and what they print, nothing of the builder's."""

from __future__ import annotations

import re

HEADING = re.compile(r"^#(\d+) (\[.*|exporting .*|importing .*|resolve .*)$")
OUTPUT = re.compile(r"^#(\d+) \d+\.\d+ ?(.*)$")
OTHER = re.compile(r"^#(\d+) (.*)$")
# Steps that are the builder's, not the Dockerfile's: `[internal] load metadata for …`, `[auth] …`.
HIDDEN = re.compile(r"\[internal\]|\[auth\]|importing cache|exporting cache")
CHATTER = re.compile(
    r"\.\.\.$|sha256:|extracting |resolve |transferring |writing |preparing |sending |pushing |exporting "
    r"|naming |DONE|unpacking "
)
RECAP = "------"


class LogView:
    """Line by line, in order: `show` gives what to print, or None. One for each build pod."""

    def __init__(self) -> None:
        self._hidden: set[str] = set()
        self._recapping = False
        self._last_heading = ""

    def show(self, line: str) -> str | None:
        if line == RECAP:
            # Between two of these BuildKit repeats what the failed step printed.
            self._recapping = not self._recapping
            return None
        if self._recapping or not line.strip():
            return None
        if found := HEADING.match(line):
            return self._heading(found[1], found[2])
        if found := OUTPUT.match(line):
            return None if found[1] in self._hidden else found[2]
        if found := OTHER.match(line):
            return self._other(found[1], found[2])
        return line

    def _heading(self, number: str, text: str) -> str | None:
        if HIDDEN.match(text):
            self._hidden.add(number)
            return None
        if text == "exporting to image":
            text = "storing the image"
        # Printed again each time the log comes back to a step: once is enough if nothing stood in between.
        if text == self._last_heading:
            return None
        self._last_heading = text
        return text

    def _other(self, number: str, text: str) -> str | None:
        if number in self._hidden or CHATTER.match(text):
            return None
        return "(as before)" if text == "CACHED" else text
