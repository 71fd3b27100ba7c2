"""The beginning of a push: a line for each ref that it wants to change, of which there may be only so many.

receive-pack and the hooks hold all of them in memory, and each that is new becomes a file on the volume.
"""

from __future__ import annotations

from deployer.errors import Explanation

# Some five thousand lines.
MOST_BYTES = 512 << 10


class RefLines:
    """Give it the push part by part: packets (gitprotocol-common(5)) up to a flush packet, then the pack."""

    def __init__(self) -> None:
        self.too_many = False
        self._seen = bytearray()
        self._next = 0
        self._ended = False

    def watch(self, part: bytes) -> None:
        if self._ended or self.too_many:
            return
        self._seen += part
        while not self._ended and self._next + 4 <= len(self._seen):
            try:
                size = int(self._seen[self._next : self._next + 4], 16)
            except ValueError:
                size = 0  # No packets at all: git says so.
            self._ended = size == 0
            self._next += max(size, 4)
        self.too_many = self._next > MOST_BYTES
        if self._ended or self.too_many:
            self._seen.clear()


def too_many_refs() -> Explanation:
    return Explanation(
        "too-many-refs",
        "This push names thousands of branches and tags.",
        "",
        "Push the branch alone, without --tags, --all or --mirror:  git push madang main",
    )
