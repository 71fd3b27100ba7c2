"""A project with its own Dockerfile: built as it is."""

from __future__ import annotations

import re

from deployer.build import choice
from deployer.build.build_plan import BuildPlan
from deployer.errors import Explanation, UserError
from deployer.sentence import Sentence
from deployer.source.snapshot import Snapshot

LOOKED_FOR = ("Dockerfile",)
# Blanks and not \s, here and for other files: a file of nothing but empty lines would be looked through from
# each of them to its end, and hold up the git server for an hour.
EXPOSE = re.compile(r"^[ \t]*EXPOSE[ \t]+(\d{1,5})(?:/tcp)?\b", re.IGNORECASE | re.MULTILINE)
STAGE = re.compile(r"^[ \t]*FROM\s", re.IGNORECASE | re.MULTILINE)
SYNTAX = re.compile(r"^#\s*syntax\s*=\s*(\S+)", re.IGNORECASE | re.MULTILINE)


def fits(snapshot: Snapshot) -> bool:
    return snapshot.manifest.dockerfile is not None or "Dockerfile" in snapshot.paths


def plan(snapshot: Snapshot) -> BuildPlan:
    """The project's Dockerfile; its port is madang.yaml's, else the last stage's first EXPOSE, else 8080."""
    path = snapshot.manifest.dockerfile or "Dockerfile"
    if path not in snapshot.paths:
        raise UserError(
            Explanation(
                "no-dockerfile",
                Sentence(
                    "madang.yaml names {path} as the Dockerfile, and there is no such file in the commit.",
                    path=path,
                ),
                "",
                "Correct build.dockerfile in madang.yaml (relative to the root), or add the file.",
            )
        )
    text = snapshot.files.get(path, "")
    exposed = exposed_port(text)
    own = choice.own_start(snapshot)
    notes = list(choice.notes(snapshot))
    if (frontend := SYNTAX.match(text)) is not None:
        notes.append(
            Sentence(
                "{path}: `# syntax={syntax}` is not fetched; the builder's own Dockerfile syntax is used.",
                path=path,
                syntax=frontend[1],
            )
        )
    return BuildPlan(
        language="dockerfile",
        port=snapshot.manifest.web.port or exposed or choice.DEFAULT_PORT,
        dockerfile_path=path,
        command=own[0] if own else None,
        start=own[1] if own else f"what {path} says (CMD)",
        seen=tuple(
            Sentence("{line}", line=line) for line in (path, *((f"EXPOSE {exposed}",) if exposed else ()))
        ),
        notes=tuple(notes),
        web=snapshot.manifest.web,
    )


def exposed_port(text: str) -> int | None:
    """The first port that the last stage exposes."""
    stages = STAGE.split(text)
    found = EXPOSE.search(stages[-1])
    return int(found[1]) if found and 0 < int(found[1]) < 65536 else None
