"""Go without a Dockerfile: one static program."""

from __future__ import annotations

import re

from deployer.build import choice
from deployer.build.build_plan import BuildPlan
from deployer.build.template import render
from deployer.errors import Explanation, UserError
from deployer.sentence import Sentence
from deployer.source.snapshot import Snapshot

LOOKED_FOR = ("go.mod",)
DEFAULT_VERSION = (1, 23)
PACKAGE_MAIN = re.compile(r"^package\s+main\b", re.MULTILINE)
VERSION = re.compile(r"^(?:go[ \t]+|toolchain[ \t]+go)(\d{1,4})\.(\d{1,4})(?!\d)", re.MULTILINE)
# A module that is replaced by a folder of the project's.
FOLDER = re.compile(r"=>[ \t]*\.\.?/")


def fits(snapshot: Snapshot) -> bool:
    return "go.mod" in snapshot.paths


def plan(snapshot: Snapshot) -> BuildPlan:
    """The root's `package main`, else the only one in cmd/."""
    version = go_version(snapshot)
    package = main_package(snapshot)
    port = choice.port(snapshot)
    own = choice.own_start(snapshot)
    command, start = own or (("/usr/local/bin/app",), f"the program of {package}")
    return BuildPlan(
        language="go",
        port=port,
        dockerfile=render(
            "go",
            version=version,
            package=package,
            port=port,
            command=command,
            sums="go.sum" in snapshot.paths,
            needs_sources=FOLDER.search(snapshot.files.get("go.mod", "")) is not None,
        ),
        dockerignore=choice.dockerignore(snapshot),
        start=start,
        seen=(
            Sentence("go.mod, so Go {version}", version=version),
            Sentence("package main in {package}", package=package),
        ),
        notes=choice.notes(snapshot),
        web=snapshot.manifest.web,
    )


def go_version(snapshot: Snapshot) -> str:
    """A newer Go builds an older module; only a newer `go` or `toolchain` line needs its own image."""
    said = VERSION.findall(snapshot.files.get("go.mod", ""))
    wanted = [(int(major), int(minor)) for major, minor in said]
    return ".".join(str(part) for part in max([*wanted, DEFAULT_VERSION]))


def main_package(snapshot: Snapshot) -> str:
    mains = {
        "./" + path.rpartition("/")[0] if "/" in path else "."
        for path, text in snapshot.files.items()
        if path.endswith(".go") and not path.endswith("_test.go") and PACKAGE_MAIN.search(text)
    }
    if "." in mains:
        return "."
    if len(mains) == 1:
        return mains.pop()
    raise UserError(
        Explanation(
            "no-main-package",
            "Madang found go.mod, but not which program to run: there has to be one `package main`, "
            "at the root or in cmd/<name>.",
            Sentence("found: {packages}", packages=", ".join(sorted(mains)) or Sentence("none")),
            "Move it there, or add a Dockerfile that builds the one you want.",
        )
    )
