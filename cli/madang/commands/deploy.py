"""attach and open: watching a deploy, and seeing what it made."""

import os
import sys
import webbrowser
from typing import Annotated

import typer

from madang.address import told_address
from madang.options import ClubOption, JsonOption, ProjectOption, UrlOption
from madang.output import as_json, say
from madang.session import portal_session, project_session
from madang.watching import watch


def register(app: typer.Typer) -> None:
    app.command()(attach)
    app.command("open")(open_project)


def attach(
    stream: Annotated[
        str | None, typer.Option("--stream", help="The deploy's number; else the project's newest.")
    ] = None,
    after: Annotated[int | None, typer.Option(min=0, help="Start behind this line.")] = None,
    from_start: Annotated[bool, typer.Option("--from-start", help="Show it all again.")] = False,
    project: ProjectOption = None,
    club: ClubOption = None,
    url: UrlOption = None,
    json: JsonOption = False,
) -> None:
    """Watch a deploy: the one whose push lost its connection, or somebody else's.

    Resumes where this computer stopped reading, comes back by itself when the
    connection is lost, and ends with the deploy's own exit code.

    Examples:

      madang attach

      madang attach --stream 42 --from-start
    """
    if stream is None:
        session = project_session(url, club, project)
        portal = session.portal
        stream = str(portal.get(f"{session.path}/streams/latest")["id"])
    else:
        portal = portal_session(url, club)
    watch(portal, stream, after=0 if from_start else after, json=json)


def open_project(
    project: ProjectOption = None,
    club: ClubOption = None,
    url: UrlOption = None,
    browser: Annotated[bool, typer.Option(help="Open the browser, or only print.")] = True,
    json: JsonOption = False,
) -> None:
    """Print the project's address and open it in the browser."""
    session = project_session(url, club, project)
    address = told_address("the project", session.portal.get(session.path)["url"])
    if json:
        as_json({"url": address})
        return
    say(address)
    if browser and _has_screen():
        webbrowser.open(address)


def _has_screen() -> bool:
    """Over ssh a text browser would take the terminal; there the printed address is enough."""
    return sys.platform in ("darwin", "win32") or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY")))
