"""What a project says for itself, the same for every language: port, start command, ignore file, notes."""

from __future__ import annotations

from deployer.build.command import command_line
from deployer.build.template import DOCKERIGNORE
from deployer.sentence import Sentence
from deployer.source.snapshot import Snapshot

DEFAULT_PORT = 8080


def port(snapshot: Snapshot) -> int:
    return snapshot.manifest.web.port or DEFAULT_PORT


def own_start(snapshot: Snapshot) -> tuple[tuple[str, ...], str] | None:
    """The start command that the project itself gives, and where it stands; None: it does not."""
    if snapshot.manifest.web.command:
        return command_line(snapshot.manifest.web.command), "madang.yaml web.command"
    if snapshot.procfile.get("web"):
        return command_line(snapshot.procfile["web"]), "Procfile web"
    return None


def release_command(snapshot: Snapshot) -> tuple[str, ...] | None:
    """What has to run before each release, as Heroku's release phase does; None: nothing."""
    text = snapshot.procfile.get("release")
    return command_line(text) if text else None


def first_line(text: str) -> str:
    """Of a file that says one thing, such as .nvmrc: its first line that is no comment, else ""."""
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return next(filter(None, lines), "")


def dockerignore(snapshot: Snapshot, *more: str) -> str | None:
    """The default .dockerignore, or None where the project has its own."""
    return None if ".dockerignore" in snapshot.paths else DOCKERIGNORE + "".join(more)


def notes(snapshot: Snapshot) -> tuple[Sentence, ...]:
    """What the project asks for and does not get."""
    others = sorted(set(snapshot.procfile) - {"web", "release"})
    if not others:
        return ()
    return (
        Sentence("Procfile: only `web` and `release` are run; not run: {names}.", names=", ".join(others)),
    )
