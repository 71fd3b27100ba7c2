"""Which Node a project is made for."""

from __future__ import annotations

import re
from typing import Any

from deployer.build import choice
from deployer.sentence import Sentence
from deployer.source.snapshot import Snapshot

DEFAULT_VERSION = 22
VERSIONS = (DEFAULT_VERSION, 20)
MOST = 99
# Of several that fit: one of those, else one that is served long (an even number), else the nearest.
PREFERENCE = sorted(
    range(MOST + 1),
    key=lambda version: (version not in VERSIONS, version % 2, abs(version - DEFAULT_VERSION)),
)
NEWEST = ("node", "stable", "latest", "lts", "lts/*", "lts-latest")
# The long-term lines by their names, as nvm takes them ("lts/iron").
LINES = {
    "argon": 4,
    "boron": 6,
    "carbon": 8,
    "dubnium": 10,
    "erbium": 12,
    "fermium": 14,
    "gallium": 16,
    "hydrogen": 18,
    "iron": 20,
    "jod": 22,
    "krypton": 24,
}
# A sign and the numbers of ">=18.2", "^20.1.0-rc.1", "v22.x", "*"; a word that has a number in it is none.
COMPARATOR = re.compile(
    r"(>=|<=|>|<|=|\^|~>?)? ?(?<![\w./+-])v?(\d{1,4}|[xX*])(?:\.(\d{1,9}|[xX*]))?(?:\.(?:\d{1,9}|[xX*]))?"
    r"(?:[-+][\w.+-]*)?(?![\w.*])"
)
HYPHEN = re.compile(r"(?<!\S)(\S+) - (\S+)")


def node_version(snapshot: Snapshot, package: dict[str, Any]) -> tuple[int, str]:
    """The major version, and what says so: .nvmrc, .node-version, `engines.node`, or the default."""
    for name in (".nvmrc", ".node-version"):
        if (version := pinned(snapshot.files.get(name, ""))) is not None:
            return version, name
    engines = package.get("engines")
    said = engines.get("node") if isinstance(engines, dict) else None
    # One blank for many, here for all that follows: a pattern would try each of a thousand again.
    if wanted := " ".join(str(said or "").split()):
        said_by = f"engines.node {wanted}"
        allowed = majors(wanted)
        for version in PREFERENCE:
            if version in allowed:
                return version, said_by
        if found := re.search(r"\d{1,4}", wanted):
            return int(found[0]), said_by
    return DEFAULT_VERSION, Sentence("the default")


def pinned(text: str) -> int | None:
    """What a file of nvm's and its kin says: its first line that is no comment.

    None for what a laptop alone knows (`system`).
    """
    word = choice.first_line(text)
    if found := re.match(r"v?(\d{1,4})(?!\d)", word):
        return int(found[1])
    if word in NEWEST:
        return DEFAULT_VERSION
    return LINES.get(word.removeprefix("lts/").lower())


def majors(wanted: str) -> set[int]:
    """The major versions whose newest release a range of npm's lets pass."""
    found: set[int] = set()
    for alternative in {*wanted.split("||")}:
        lowest, highest = 0, MOST
        for comparator in {*COMPARATOR.findall(HYPHEN.sub(r">=\1 <=\2", alternative))}:
            low, high = _bounds(*comparator)
            lowest, highest = max(lowest, low), min(highest, high)
        found.update(range(lowest, highest + 1))
    return found


def _bounds(sign: str, major: str, minor: str) -> tuple[int, int]:
    """The lowest and the highest major version of "<20", ">=18.1", "22.x", "*"."""
    if not major.isdigit():
        return 0, MOST
    version = int(major)
    # Of a major version as a whole, or of a release within it.
    whole = not minor.isdigit()
    return {
        ">=": (version, MOST),
        ">": (version + 1 if whole else version, MOST),
        "<": (0, version - 1),
        "<=": (0, version if whole else version - 1),
    }.get(sign, (version, version))
