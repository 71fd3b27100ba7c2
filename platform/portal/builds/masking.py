"""What a line of a log may hold: no secret of the project, no endless text, nothing PostgreSQL refuses."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence

from deployer.sentence import Sentence

HIDDEN = "[hidden]"
# Shorter values ("1", "true", "debug") are everywhere in logs, and no secret.
_SHORTEST_SECRET = 8
# Control characters but tab, line feed and escape (colours).
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f]")


class Masker:
    """Hides the values (and each line of those with several); the longest first, as one may hold another.

    They are looked up and not tried one by one: a project may have tens of thousands of such lines, and one
    pattern of all of them holds up the whole process at a single line of a log.
    """

    def __init__(self, values: Iterable[str], line_bytes: int) -> None:
        found = {_clean(line).strip() for value in values for line in (value, *value.splitlines())}
        self._secrets = sorted(each for each in found if len(each) >= _SHORTEST_SECRET)
        self._shorter = _shorter(self._secrets)
        self._longest = max(map(len, self._secrets), default=0)
        self._beginnings = {each[:_SHORTEST_SECRET] for each in self._secrets}
        first = "".join(re.escape(letter) for letter in sorted({each[0] for each in self._secrets}))
        self._first = re.compile(f"[{first}]") if first else None
        self._line_bytes = line_bytes

    def line(self, text: str) -> str:
        """One line as it is stored: the last state of a progress bar, masked, at most `line_bytes` long; of a
        Sentence its values, as what it says otherwise is ours."""
        if isinstance(text, Sentence):
            return text.each(self.line)
        last_state = _clean(text.rstrip("\r\n").rsplit("\r", 1)[-1])
        # Masked before it is cut: half a secret is still one.
        return _cut(self._mask(last_state, self._line_bytes), self._line_bytes)

    def text(self, text: str) -> str:
        """Lines as they are stored beside the log (an explanation's evidence, say), likewise."""
        if isinstance(text, Sentence):
            return text.each(self.text)
        masked = self._mask(_clean(text), len(text))
        return "\n".join(_cut(line, self._line_bytes) for line in masked.split("\n"))

    def _mask(self, text: str, most: int) -> str:
        """The text without secrets; what comes after more than `most` characters is left out."""
        parts: list[str] = []
        shown = place = written = 0
        while self._first is not None and written + place - shown <= most:
            match = self._first.search(text, place)
            if match is None:
                break
            place = match.start()
            length = self._length_at(text, place)
            if length:
                parts += [text[shown:place], HIDDEN]
                written += place - shown + len(HIDDEN)
                shown = place = place + length
            else:
                place += 1
        return "".join([*parts, text[shown : shown + most + 1]])

    def _length_at(self, text: str, place: int) -> int:
        """Of the longest secret that stands there; 0: none does."""
        if text[place : place + _SHORTEST_SECRET] not in self._beginnings:
            return 0
        # What begins the text comes before it in the alphabet, and nothing is between but what it begins.
        found = bisect_right(self._secrets, text[place : place + self._longest]) - 1
        while found >= 0 and not text.startswith(self._secrets[found], place):
            found = self._shorter[found]
        return len(self._secrets[found]) if found >= 0 else 0


def _shorter(ordered: Sequence[str]) -> list[int]:
    """Of each the place of the longest other one that it begins with, -1 for none."""
    found: list[int] = []
    around: list[int] = []
    for place, each in enumerate(ordered):
        while around and not each.startswith(ordered[around[-1]]):
            around.pop()
        found.append(around[-1] if around else -1)
        around.append(place)
    return found


def _clean(text: str) -> str:
    return _CONTROL.sub("", text)


def _cut(text: str, limit_bytes: int) -> str:
    encoded = text.encode("utf-8", "replace")
    if len(encoded) <= limit_bytes:
        return encoded.decode()
    return encoded[: limit_bytes - 3].decode("utf-8", "ignore") + "…"
