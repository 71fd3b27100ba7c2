"""What kind of project a commit is: the first that fits, in a fixed order."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from deployer.build import choice, dockerfile, golang, java, node, python, static
from deployer.build.build_plan import BuildPlan
from deployer.errors import Explanation, UserError
from deployer.sentence import Sentence
from deployer.source.snapshot import Snapshot


class Language(Protocol):
    """What each of the language modules offers. `LOOKED_FOR` are file names at the root."""

    @property
    def LOOKED_FOR(self) -> tuple[str, ...]: ...

    def fits(self, snapshot: Snapshot) -> bool: ...

    def plan(self, snapshot: Snapshot) -> BuildPlan: ...


LANGUAGES: tuple[Language, ...] = (dockerfile, node, python, java, golang, static)


def plan(snapshot: Snapshot) -> BuildPlan:
    """How to build the commit; UserError, with what was looked for, when nothing at its root says how."""
    for language in LANGUAGES:
        if language.fits(snapshot):
            found = language.plan(snapshot)
            release = choice.release_command(snapshot)
            if release is None:
                return found
            seen = (
                *found.seen,
                Sentence("Procfile release: {command}", command=snapshot.procfile["release"]),
            )
            return replace(found, release_command=release, seen=seen)
    looked_for = ", ".join(name for language in LANGUAGES for name in language.LOOKED_FOR)
    nested = sorted(
        path
        for path in snapshot.paths
        if path.count("/") == 1 and path.split("/")[1] in looked_for.split(", ")
    )
    hint = (
        Sentence(
            "There is {path}: make {folder}/ the root of the repository and push again.",
            path=nested[0],
            folder=nested[0].split("/")[0],
        )
        if nested
        else "Add the file that fits your project (a Flask project: requirements.txt), commit and push again."
    )
    raise UserError(
        Explanation(
            "nothing-to-build",
            Sentence(
                "Madang does not know how to build this: no Dockerfile and none of these files: {files}.",
                files=looked_for,
            ),
            Sentence(
                "at the root: {files}",
                files=", ".join(sorted(snapshot.root_names)[:12]) or Sentence("no files"),
            ),
            hint,
        )
    )
