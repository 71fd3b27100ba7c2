"""Which Python a project is made for."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping
from typing import Any

from deployer.build import choice
from deployer.errors import Explanation, UserError
from deployer.sentence import Sentence
from deployer.source.snapshot import Snapshot

VERSIONS = (12, 11)
MOST = 99
# Of several minor versions that fit: one of those, else the oldest newer one, else the newest older one.
PREFERENCE: tuple[int, ...] = (
    *VERSIONS,
    *range(max(VERSIONS) + 1, MOST + 1),
    *reversed(range(min(VERSIONS))),
)
# A sign, the major version, the minor one and the number behind it, of ">=3.10.2", "==3.12.*", "<4.0".
PART = re.compile(
    r"(~=|==|!=|>=|<=|>|<|\^|~)?\s*(?<![\w.])(\d{1,4})(?:\.(\d{1,4}))?(?:\.(\d{1,9}))?(?!\d)[\w.*+]*"
)
# Not the 3.11 of "pypy2.7-7.3.11".
NAMED = re.compile(r"(?<![\d.])3\.(\d{1,4})(?!\d)")


def python_version(snapshot: Snapshot) -> tuple[str, str]:
    """Major and minor, and what says so (a file, or a Sentence)."""
    for name in (".python-version", "runtime.txt"):
        if (minor := pinned(snapshot.files.get(name, ""))) is not None:
            return f"3.{minor}", name
    project = read_toml(snapshot.files, "pyproject.toml")
    poetry = table(project, "tool", "poetry", "dependencies")
    wanted = table(project, "project").get("requires-python") or poetry.get("python")
    if wanted and (minor := preferred(str(wanted))) is not None:
        return f"3.{minor}", f"requires-python {wanted}"
    return f"3.{VERSIONS[0]}", Sentence("the default")


def pinned(text: str) -> int | None:
    """What a file of pyenv's, uv's or Heroku's says: its first line that is no comment.

    "3.12.4", "python-3.12", "cpython@3.12", or as requires-python has it; None for what a laptop alone knows.
    """
    word = choice.first_line(text)
    if word.startswith(("=", "!", "<", ">", "~", "^")):
        return preferred(word)
    found = NAMED.search(word)
    return int(found[1]) if found else None


def preferred(specifier: str) -> int | None:
    """The minor version for a requires-python; where none fits, the first that it names."""
    allowed = minors(specifier)
    for minor in PREFERENCE:
        if minor in allowed:
            return minor
    found = NAMED.search(specifier)
    return int(found[1]) if found else None


def minors(specifier: str) -> set[int]:
    """Of which Pythons 3.<minor> a requires-python lets the newest release pass."""
    found: set[int] = set()
    for alternative in {*specifier.split("||")}:  # Poetry's
        allowed = set(range(MOST + 1))
        # One blank for many: the pattern would try each of a thousand again from the next.
        for part in {*PART.findall(" ".join(alternative.split()))}:
            allowed.intersection_update(_allowed(*part))
        found |= allowed
    return found


def _allowed(sign: str, major: str, minor: str, patch: str) -> Collection[int]:
    every = range(MOST + 1)
    if major != "3":
        # All of Python 3 lies on one side of it.
        holds = sign == "!=" or sign in ((">", ">=") if int(major) < 3 else ("<", "<="))
        return every if holds else ()
    bound = int(minor or 0)
    same = (bound,) if minor else every
    after = range(bound, MOST + 1)
    return {
        "": same,
        "==": same,
        "~": same,
        "~=": same if patch else after,
        "^": after,
        ">=": after,
        ">": after,
        "<": range(bound),
        "<=": range(bound + 1),  # 3.12.4 is above 3.12, but who writes `<=3.12` means it
        "!=": every if patch or not minor else {*every} - {bound},
    }[sign]


def read_toml(files: Mapping[str, str], name: str) -> dict[str, Any]:
    """The file's content, empty when it is not there; UserError when it is not TOML."""
    try:
        return tomllib.loads(files.get(name, ""))
    # Beside its own errors: brackets in brackets without end, a number of thousands of digits.
    except (ValueError, RecursionError) as error:
        raise UserError(
            Explanation(
                "bad-toml",
                Sentence("{file} is not valid TOML.", file=name),
                str(error),
                Sentence("Correct {file} and push again.", file=name),
            )
        ) from error


def table(document: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """The table of these names, one in the other; empty where something else stands there, or nothing."""
    found: Any = document
    for name in names:
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}
