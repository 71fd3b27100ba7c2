"""BuildKit's log as a student wants to read it: the steps and what they print, nothing of the builder's."""

from __future__ import annotations

import re

from deployer.sentence import Sentence

HEADING = re.compile(r"^#(\d+) (\[.*|exporting to image|importing cache .*|exporting cache .*)$")
OUTPUT = re.compile(r"^#(\d+) \d+\.\d+ ?(.*)$")
OTHER = re.compile(r"^#(\d+) (.*)$")
# Steps that are the builder's, not the Dockerfile's: `[internal] load metadata for …`, `[auth] …`.
HIDDEN = re.compile(r"\[internal\]|\[auth\]|importing cache|exporting cache")
CHATTER = re.compile(
    r"\.\.\.$|sha256:|extracting |resolve |transferring |writing |preparing |sending |pushing |exporting "
    r"|naming |DONE|CANCELED|ERROR: |unpacking "  # an error is told once more at the end
)
# What a reader of a heading does not need: an image's digest, where a cache is mounted.
DETAIL = re.compile(r"@sha256:[0-9a-f]{64}|--mount=\S+\s+")
IMAGE = re.compile(r"docker\.io/(?:library/)?")
RECAP = "------"
_STORING, _CACHED = Sentence("storing the image"), Sentence("(as before)")


class LogView:
    """Line by line, in order: `show` gives the lines to print. One for each build pod."""

    def __init__(self) -> None:
        self._hidden: set[str] = set()
        self._headings: dict[str, str] = {}
        self._current = ""
        self._recapping = False

    def show(self, line: str) -> list[str]:
        if line == RECAP:
            # Between two of these BuildKit repeats what the failed step printed.
            self._recapping = not self._recapping
            return []
        if self._recapping or not line.strip():
            return []
        if found := HEADING.match(line):
            return self._heading(found[1], found[2])
        if found := OUTPUT.match(line) or OTHER.match(line):
            chatter = CHATTER.match(found[2]) if not OUTPUT.match(line) else not found[2].strip()
            return [] if chatter or found[1] in self._hidden else self._of_step(found[1], found[2])
        return [line]

    def _heading(self, number: str, text: str) -> list[str]:
        if HIDDEN.match(text):
            self._hidden.add(number)
            return []
        if number in self._headings:
            # Printed by BuildKit whenever it comes back to a step: here only before what the step then says.
            return []
        text = _STORING if text == "exporting to image" else IMAGE.sub("", DETAIL.sub("", text))
        self._headings[number] = text
        self._current = number
        return [text]

    def _of_step(self, number: str, text: str) -> list[str]:
        lines = [_CACHED if text == "CACHED" else text]
        if number != self._current and number in self._headings:
            lines.insert(0, self._headings[number])
        self._current = number
        return lines
