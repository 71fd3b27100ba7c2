"""Node without a Dockerfile: a server, or pages that a bundler makes."""

from __future__ import annotations

import json
from typing import Any

from deployer.build import choice
from deployer.build.build_plan import BuildPlan
from deployer.build.command import command_line
from deployer.build.node_tools import choose_tool
from deployer.build.node_version import node_version
from deployer.build.template import render
from deployer.errors import Explanation, UserError
from deployer.sentence import Sentence
from deployer.source.snapshot import Snapshot

LOOKED_FOR = ("package.json",)
PROGRAMS = ("server.js", "index.js", "app.js", "main.js", "server.mjs", "index.mjs")
# Bundlers whose `start` script is a development server, and where they put the pages.
BUNDLERS = {"react-scripts": "build", "vite": "dist", "@vue/cli-service": "dist", "parcel": "dist"}
DEVELOPMENT = ("react-scripts", "vite", "vue-cli-service", "parcel")


def fits(snapshot: Snapshot) -> bool:
    return "package.json" in snapshot.paths


def plan(snapshot: Snapshot) -> BuildPlan:
    """Packages by the lock file's tool, the `build` script run, then the server or nginx."""
    package = read_package(snapshot)
    tool = choose_tool(snapshot, package)
    version, said_by = node_version(snapshot, package)
    port = choice.port(snapshot)
    own = choice.own_start(snapshot)
    pages = None if own else pages_folder(package)
    if own is not None:
        command, start = own
    elif pages is not None:
        command, start = (), f"nginx serves {pages}/"
    else:
        command, start = start_of(snapshot, package, port)
    values: dict[str, object] = {
        "version": version,
        "tool": tool,
        "builds": "build" in _scripts(package),
        "port": port,
    }
    return BuildPlan(
        language="node",
        port=port,
        dockerfile=render("spa", pages=pages, **values)
        if pages
        else render("node", command=command, **values),
        dockerignore=choice.dockerignore(snapshot),
        start=start,
        seen=(
            Sentence("package.json, so Node {version} ({said_by})", version=version, said_by=said_by),
            Sentence("{file}, so {command}", file=tool.seen, command=tool.install),
            *((Sentence("static pages in {folder}/ after `build`", folder=pages),) if pages else ()),
        ),
        notes=choice.notes(snapshot),
        web=snapshot.manifest.web,
    )


def read_package(snapshot: Snapshot) -> dict[str, Any]:
    try:
        package = json.loads(snapshot.files.get("package.json", ""))
    except json.JSONDecodeError as error:
        line = snapshot.files.get("package.json", "").splitlines()[error.lineno - 1 : error.lineno]
        raise UserError(
            Explanation(
                "bad-package-json",
                Sentence(
                    "package.json line {line} is not valid JSON: {problem}.",
                    line=error.lineno,
                    problem=error.msg.lower(),
                ),
                line[0].strip() if line else "",
                Sentence(
                    "Correct line {line} of {file}, commit and push again.",
                    line=error.lineno,
                    file="package.json",
                ),
            )
        ) from error
    # Brackets in brackets without end, a number of thousands of digits.
    except (ValueError, RecursionError) as error:
        raise UserError(
            Explanation(
                "bad-package-json",
                Sentence("{file} is not valid JSON.", file="package.json"),
                str(error),
                Sentence("Correct {file} and push again.", file="package.json"),
            )
        ) from error
    return package if isinstance(package, dict) else {}


def pages_folder(package: dict[str, Any]) -> str | None:
    """Where the bundler puts the pages, or None when there is a server to run."""
    needs = _dependencies(package)
    scripts = _scripts(package)
    start = scripts.get("start", "")
    if "build" not in scripts or "next" in needs:
        return None
    for bundler, folder in BUNDLERS.items():
        serves_itself = start and not any(name in start.split() for name in DEVELOPMENT)
        if bundler in needs and not serves_itself:
            return folder
    return None


def start_of(snapshot: Snapshot, package: dict[str, Any], port: int) -> tuple[tuple[str, ...], str]:
    """Next's own server, the `start` script, `main`, or a file with a usual name."""
    scripts = _scripts(package)
    start = scripts.get("start")
    if "next" in _dependencies(package) and (not start or start.strip() == "next start"):
        return ("next", "start", "-H", "0.0.0.0", "-p", str(port)), "next start"  # noqa: S104 - in a pod
    if start:
        # Without npm in between, SIGTERM reaches the app; its hooks are the one thing that npm would add.
        hooks = {"prestart", "poststart"} & scripts.keys()
        return (("npm", "start") if hooks else command_line(start)), f"npm start: {start}"
    for name in (str(package.get("main") or "").removeprefix("./"), *PROGRAMS):
        if name in snapshot.paths:
            return ("node", name), f"node {name}"
    raise UserError(
        Explanation(
            "no-start-command",
            "Madang found package.json, but not how to start your app.",
            Sentence("looked for: a `start` script, `main`, {names}", names=", ".join(PROGRAMS)),
            'Add a `start` script to package.json ("start": "node server.js"); listen on process.env.PORT.',
        )
    )


def _scripts(package: dict[str, Any]) -> dict[str, str]:
    scripts = package.get("scripts")
    return {name: str(text) for name, text in scripts.items()} if isinstance(scripts, dict) else {}


def _dependencies(package: dict[str, Any]) -> frozenset[str]:
    found: set[str] = set()
    for name in ("dependencies", "devDependencies"):
        if isinstance(package.get(name), dict):
            found |= package[name].keys()
    return frozenset(found)
