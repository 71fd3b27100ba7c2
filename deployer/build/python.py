"""Python without a Dockerfile: Django, FastAPI, Flask, or a program that listens by itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from deployer.build import choice
from deployer.build.build_plan import BuildPlan
from deployer.build.python_app import PROGRAMS, find_app
from deployer.build.python_version import python_version, read_toml, table
from deployer.build.template import render
from deployer.errors import Explanation, UserError
from deployer.sentence import Sentence
from deployer.source.snapshot import Snapshot

LOOKED_FOR = ("requirements.txt", "pyproject.toml", "Pipfile", "uv.lock", "poetry.lock")
SERVERS = ("gunicorn", "uvicorn", "hypercorn", "daphne", "waitress")
# What pip reads besides the file itself: other files, or the project's own folder.
REFERENCE = re.compile(r"^[ \t]*(?:-r|-c|-e|--requirement|--constraint|--editable|\.)[ =./]", re.MULTILINE)
NAME = re.compile(r"^[ \t]*([A-Za-z0-9][A-Za-z0-9._-]*)", re.MULTILINE)


@dataclass(frozen=True)
class Install:
    """How the packages get in: the tool, the files it reads, the names it says are wanted."""

    tool: str
    files: tuple[str, ...]
    named: frozenset[str]
    packages: tuple[str, ...] = ()
    builds_itself: bool = False
    needs_sources: bool = False


def fits(snapshot: Snapshot) -> bool:
    return any(name in snapshot.paths for name in LOOKED_FOR)


def plan(snapshot: Snapshot) -> BuildPlan:
    """Packages installed before the sources are copied; a missing gunicorn or uvicorn is added."""
    install = installation(snapshot)
    version, said_by = python_version(snapshot)
    app = find_app(snapshot)
    own = choice.own_start(snapshot)
    port = choice.port(snapshot)
    if own is not None:
        command, start = own
    elif app is not None:
        command, start = app.command(port), f"{' '.join(app.command(port))} ({app.seen})"
    else:
        raise _no_app()
    missing = tuple(name for name in SERVERS if _runs(command, name) and name not in install.named)
    return BuildPlan(
        language="python",
        port=port,
        dockerfile=render(
            "python",
            version=version,
            install=install,
            add=missing,
            collect_static=app is not None and app.collect_static,
            port=port,
            command=command,
        ),
        dockerignore=choice.dockerignore(snapshot),
        start=start,
        seen=(
            Sentence(
                "{file}, so Python {version} ({said_by}) and {tool}",
                file=install.files[0],
                version=version,
                said_by=said_by,
                tool=install.tool,
            ),
            *((app.seen,) if app and own is None else ()),
            *(Sentence("{name} is not among the packages: added", name=name) for name in missing),
        ),
        notes=choice.notes(snapshot),
        web=snapshot.manifest.web,
    )


def installation(snapshot: Snapshot) -> Install:
    """A lock file first: what was tested is what is installed."""
    files, paths = snapshot.files, snapshot.paths
    project = read_toml(files, "pyproject.toml")
    listed = table(project, "project").get("dependencies")
    declared = tuple(str(name) for name in listed) if isinstance(listed, list) else ()
    if "uv.lock" in paths and "pyproject.toml" in paths:
        return Install("uv", ("uv.lock", "pyproject.toml"), _locked(files, "uv.lock"))
    if "poetry.lock" in paths and "pyproject.toml" in paths:
        return Install("poetry", ("poetry.lock", "pyproject.toml"), _locked(files, "poetry.lock"))
    if "requirements.txt" in paths:
        text = files.get("requirements.txt", "")
        named = frozenset(canonical(name) for name in NAME.findall(text))
        refers = REFERENCE.search(text) is not None
        return Install("pip", ("requirements.txt",), named, needs_sources=refers)
    if "Pipfile" in paths:
        wanted = frozenset(canonical(name) for name in table(read_toml(files, "Pipfile"), "packages"))
        lock = ("Pipfile.lock",) if "Pipfile.lock" in paths else ()
        return Install("pipenv", ("Pipfile", *lock), wanted)
    if "pyproject.toml" in paths:
        poetry = table(project, "tool", "poetry", "dependencies")
        if poetry and not declared:
            return Install("poetry", ("pyproject.toml",), frozenset(canonical(name) for name in poetry))
        named = frozenset(canonical(found[1]) for text in declared if (found := NAME.match(text)))
        return Install("pip", ("pyproject.toml",), named, declared, builds_itself="build-system" in project)
    raise UserError(
        Explanation(
            "no-pyproject",
            "There is a lock file but no pyproject.toml that it belongs to.",
            "",
            "Commit pyproject.toml too, or a requirements.txt.",
        )
    )


def _runs(command: tuple[str, ...], name: str) -> bool:
    return re.search(rf"\b{name}\b", " ".join(command)) is not None


def canonical(name: str) -> str:
    """PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _locked(files: Mapping[str, str], name: str) -> frozenset[str]:
    found = re.findall(r'^name = "([^"]+)"', files.get(name, ""), re.MULTILINE)
    return frozenset(canonical(name) for name in found)


def _no_app() -> UserError:
    return UserError(
        Explanation(
            "no-start-command",
            "Madang found Python packages, but not how to start your app.",
            Sentence(
                "looked for: manage.py (Django); FastAPI(…), Flask(…) or create_app() in *.py; {names}",
                names=", ".join(PROGRAMS),
            ),
            "Say how, in a file named Procfile: `web: python your_file.py` (listening on 0.0.0.0:$PORT).",
        )
    )
