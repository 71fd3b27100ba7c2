"""The beginning of a push: a line for each ref that it wants to change, of which there may be only so many.

receive-pack and the hooks hold all of them in memory, and each that is new becomes a file on the volume. git
looks at a ref's name only after the hooks, which get one on a line: a line break in it would be a line of its
own there, with a commit that git has not looked at.
"""

from __future__ import annotations

import re

from deployer.errors import Explanation

# Some five thousand lines.
MOST_BYTES = 512 << 10
# git-check-ref-format(1) lets none of them into a name; behind the first NUL stand capabilities.
_CONTROL = re.compile(rb"[\x01-\x1f\x7f]")


class RefLines:
    """Give it the push part by part: packets (gitprotocol-common(5)) up to a flush packet, then the pack."""

    def __init__(self) -> None:
        self.refused: Explanation | None = None
        self._seen = bytearray()
        self._next = 0
        self._ended = False

    def watch(self, part: bytes) -> None:
        if self._ended or self.refused:
            return
        self._seen += part
        while not self._ended and not self.refused and self._next + 4 <= len(self._seen):
            try:
                size = int(self._seen[self._next : self._next + 4], 16)
            except ValueError:
                size = 0  # No packets at all: git says so.
            end = self._next + max(size, 4)
            if end > MOST_BYTES:
                self.refused = _too_many()
            elif end > len(self._seen):
                return
            elif _CONTROL.search(_line(self._seen[self._next + 4 : end])):
                self.refused = _unseen()
            self._ended = size == 0
            self._next = end
        if self._ended or self.refused:
            self._seen.clear()


def _line(packet: bytearray) -> bytes:
    """As git takes it: a C string, without the line break that may end it."""
    return bytes(packet).removesuffix(b"\n").partition(b"\0")[0]


def _unseen() -> Explanation:
    return Explanation(
        "ref-unseen",
        "This push names a branch or tag with a control character in its name.",
        "",
        "Push the branch alone:  git push madang main",
    )


def _too_many() -> Explanation:
    return Explanation(
        "too-many-refs",
        "This push names thousands of branches and tags.",
        "",
        "Push the branch alone, without --tags, --all or --mirror:  git push madang main",
    )
