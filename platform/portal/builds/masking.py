"""What a line of a log may hold: no secret of the project, no endless text, nothing PostgreSQL refuses."""

from __future__ import annotations

import re
from collections.abc import Iterable

from deployer.sentence import Sentence

HIDDEN = "[hidden]"
# Shorter values ("1", "true", "debug") are everywhere in logs, and no secret.
_SHORTEST_SECRET = 8
# Control characters but tab and escape (colours).
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f]")


class Masker:
    """Hides the values (and each line of those with several); the longest first, as one may hold another."""

    def __init__(self, values: Iterable[str], line_bytes: int) -> None:
        secrets = {line.strip() for value in values for line in (value, *value.splitlines())}
        ordered = sorted((each for each in secrets if len(each) >= _SHORTEST_SECRET), key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, ordered))) if ordered else None
        self._line_bytes = line_bytes

    def mask(self, text: str) -> str:
        """Of a Sentence its values: what it says otherwise is ours."""
        if isinstance(text, Sentence):
            return text.each(self.mask)
        return self._pattern.sub(HIDDEN, text) if self._pattern else text

    def line(self, text: str) -> str:
        """One line as it is stored: the last state of a progress bar, masked, at most `line_bytes` long."""
        last_state = text.rstrip("\r\n").rsplit("\r", 1)[-1]
        # Masked before it is cut: half a secret is still one.
        return _cut(_CONTROL.sub("", self.mask(last_state)), self._line_bytes)

    def text(self, text: str) -> str:
        """Lines as they are stored beside the log, as an explanation's evidence is."""
        return "\n".join(
            _cut(line, self._line_bytes) for line in _CONTROL.sub("", self.mask(text)).split("\n")
        )


def _cut(text: str, limit_bytes: int) -> str:
    encoded = text.encode("utf-8", "replace")
    if len(encoded) <= limit_bytes:
        return encoded.decode()
    return encoded[: limit_bytes - 3].decode("utf-8", "ignore") + "…"
