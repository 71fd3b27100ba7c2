"""Finds in git's answer to a push that the pack was refused, and puts the explanation in front.

The answer is packets (gitprotocol-common(5)) whose first byte names a band: 1 the report (of a fetch the
pack), 2 text for people, 3 a fatal error. git's own words are left as they are; a student also needs to know
what to do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from deployer.errors import Explanation
from deployer.sentence import Sentence
from portal.gitserver.settings import GitServerSettings
from portal.translating import explained

_DATA, _TEXT = 1, 2
_REMEMBERED_BYTES = 8192


class Packets:
    """Feed it an answer as it comes; it gives the same bytes in whole packets, what is left at the `end`.

    `banded`: the last one came on a band, and one of ours may follow. `plain`: these are no packets, and pass
    as they come.
    """

    def __init__(self) -> None:
        self.banded = self.plain = False
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        self._rest += data
        while len(self._rest) >= 4 and not self.plain:
            try:
                size = max(int(self._rest[:4], 16), 4)
            except ValueError:
                self.banded, self.plain = False, True
                break
            if len(self._rest) < size:
                return
            whole, self._rest = self._rest[:size], self._rest[size:]
            self.banded = size > 4 and whole[4] in (_DATA, _TEXT)
            yield whole
        if self.plain:
            yield self.end()

    def end(self) -> bytes:
        rest, self._rest = self._rest, b""
        return rest


class RefusalExplainer:
    """Feed it the answer as it comes; it gives the same bytes, with an explanation before a refusal.

    `explain` gets the text that git sent so far and may return None. Without side band (an answer whose
    packets carry no band, or no packets at all) everything passes unchanged.
    """

    def __init__(self, explain: Callable[[str], Explanation | None]) -> None:
        self._explain = explain
        self._packets = Packets()
        self._said = b""

    def feed(self, data: bytes) -> bytes:
        return b"".join(self._explained(packet) for packet in self._packets.feed(data))

    def end(self) -> bytes:
        return self._packets.end()

    def _explained(self, packet: bytes) -> bytes:
        if not self._packets.banded:
            return packet
        band, body = packet[4], packet[5:]
        if band == _TEXT:
            self._said = (self._said + body)[-_REMEMBERED_BYTES:]
        elif body[4:11] == b"unpack " and body[11:13] != b"ok":
            explanation = self._explain(self._said.decode("utf-8", "replace"))
            if explanation is not None:
                return explanation_packet(explanation) + packet
        return packet


def explanation_packet(explanation: Explanation) -> bytes:
    """Its lines apart from what git says around them."""
    return text_packet("\n".join(("", *explained(explanation).lines(), "", "")))


def text_packet(text: str) -> bytes:
    """A band 2 packet: shown as "remote: …" by the pusher's git."""
    data = text.encode()[:60000]
    return b"%04x%c%s" % (len(data) + 5, _TEXT, data)


def explain_refusal(said: str, settings: GitServerSettings) -> Explanation | None:
    """Why git refused a pack, from its own words."""
    if "attempting to allocate" in said:
        return Explanation(
            "object-too-large",
            Sentence(
                "A commit, a folder or a changed file in this push is larger than {mebibytes} MiB.",
                mebibytes=settings.object_limit_bytes >> 20,
            ),
            Sentence(
                "A file that is pushed for the first time may be larger; its next version comes as a "
                "difference."
            ),
            "Keep large data out of git: put it into .gitignore, take it out with `git rm -r --cached NAME`, "
            "and begin a history without it: `git checkout --orphan fresh`, `git commit`, "
            "`git push --force madang fresh:main`.",
        )
    if "maximum allowed size" in said:
        return Explanation(
            "push-too-large",
            Sentence(
                "This push is larger than the {mebibytes} MiB that are allowed.",
                mebibytes=settings.push_limit_bytes >> 20,
            ),
            Sentence("Everything that was ever committed counts, also files that were deleted later."),
            "The largest files: `git ls-tree -r -l HEAD | sort -n -k 4 | tail`. Put them and folders such as "
            "node_modules or .venv into .gitignore, take them out with `git rm -r --cached NAME`, and begin "
            "a history without them: `git checkout --orphan fresh`, `git commit`, "
            "`git push --force madang fresh:main`.",
        )
    if "fsck error" in said or "error in object" in said:
        return Explanation(
            "corrupt-object",
            "git found a damaged or forbidden object in this push and refused it.",
            "",
            "Run `git fsck --full` in your project; the object named above is in one of its commits.",
        )
    return None
