"""Which Python a project is made for."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import Any

from deployer.errors import Explanation, UserError
from deployer.sentence import Sentence
from deployer.source.snapshot import Snapshot

DEFAULT_VERSION = "3.12"
# Newest first: the newest that `requires-python` allows is taken.
VERSIONS = (DEFAULT_VERSION, "3.11")
# A sign, the major version, the minor one and the number behind it, of ">=3.10.2", "==3.12.*", "<4.0".
PART = re.compile(r"(~=|==|!=|>=|<=|>|<|\^|~)?\s*(\d+)(?:\.(\d+))?(?:\.(\d+))?[\w.*+]*")


def python_version(snapshot: Snapshot) -> tuple[str, str]:
    """Major and minor, and what says so (a file, or a Sentence)."""
    for name in (".python-version", "runtime.txt"):
        if found := re.search(r"(3\.\d+)", snapshot.files.get(name, "")):
            return found[1], name
    project = read_toml(snapshot.files, "pyproject.toml")
    wanted = project.get("project", {}).get("requires-python") or project.get("tool", {}).get(
        "poetry", {}
    ).get("dependencies", {}).get("python", "")
    if wanted:
        for version in VERSIONS:
            if allows(str(wanted), int(version.split(".")[1])):
                return version, f"requires-python {wanted}"
        if found := re.search(r"(3\.\d+)", str(wanted)):
            return found[1], f"requires-python {wanted}"
    return DEFAULT_VERSION, Sentence("the default")


def allows(specifier: str, minor: int) -> bool:
    """Whether a requires-python lets the newest Python 3.<minor> pass, looking at minor versions only."""
    # One blank for many: the pattern would try each of a thousand again from the next.
    for sign, major, text, patch in PART.findall(" ".join(specifier.split())):
        if major != "3":
            if major == "4" and sign == "<":
                continue
            return False
        bound = int(text or 0)
        holds = {
            "": minor == bound if text else True,
            "==": minor == bound if text else True,
            "~": minor == bound,
            "~=": minor == bound if patch else minor >= bound,
            "^": minor >= bound,
            ">=": minor >= bound,
            ">": minor >= bound,
            "<": minor < bound,
            "<=": minor <= bound,
            "!=": minor != bound or bool(patch),
        }[sign]
        if not holds:
            return False
    return True


def read_toml(files: Mapping[str, str], name: str) -> dict[str, Any]:
    """The file's content, empty when it is not there; UserError when it is not TOML."""
    try:
        return tomllib.loads(files.get(name, ""))
    except tomllib.TOMLDecodeError as error:
        raise UserError(
            Explanation(
                "bad-toml",
                Sentence("{file} is not valid TOML.", file=name),
                str(error),
                Sentence("Correct {file} and push again.", file=name),
            )
        ) from error
