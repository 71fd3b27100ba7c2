"""builds, cancel and rebuild."""

from typing import Annotated

import typer

from madang.options import ClubOption, CountOption, DetachOption, JsonOption, ProjectOption, UrlOption
from madang.output import as_json, hint, moment, say, table
from madang.problem import Problem
from madang.session import project_session
from madang.watching import show

_UNFINISHED = {"queued", "running"}


def register(app: typer.Typer) -> None:
    app.command()(builds)
    app.command()(cancel)
    app.command()(rebuild)


def builds(
    count: CountOption = 20,
    project: ProjectOption = None,
    club: ClubOption = None,
    url: UrlOption = None,
    json: JsonOption = False,
) -> None:
    """List the project's builds, newest first, and why each ended."""
    session = project_session(url, club, project)
    found = session.portal.get(f"{session.path}/builds", limit=count)
    if json:
        as_json(found)
    elif not found:
        hint("Nothing was pushed yet. Push: git push madang main")
    else:
        rows = [
            (each["number"], each["state"], each["commit"][:10], moment(each["created_at"]), each["what"])
            for each in found
        ]
        table(("BUILD", "STATE", "COMMIT", "PUSHED", "HOW IT ENDED"), rows)


def cancel(
    number: Annotated[int | None, typer.Argument(help="The build; else the newest unfinished one.")] = None,
    project: ProjectOption = None,
    club: ClubOption = None,
    url: UrlOption = None,
    json: JsonOption = False,
) -> None:
    """End a queued or running build. What is live stays live.

    Examples:

      madang cancel

      madang cancel 12
    """
    session = project_session(url, club, project)
    if number is None:
        found = session.portal.get(f"{session.path}/builds")
        number = next((each["number"] for each in found if each["state"] in _UNFINISHED), None)
    if number is None:
        raise Problem(
            what="No build of this project is queued or running.",
            next="See what happened: madang builds",
            reason="nothing-to-cancel",
        )
    build = session.portal.post(f"{session.path}/builds/{number}/cancel")
    if json:
        as_json(build)
    else:
        done = "cancelled" if build["state"] == "cancelled" else "being cancelled, within seconds"
        say(f"Build {number} is {done}.")


def rebuild(
    number: Annotated[int | None, typer.Argument(help="The build; else the newest one.")] = None,
    project: ProjectOption = None,
    club: ClubOption = None,
    url: UrlOption = None,
    detach: DetachOption = False,
    json: JsonOption = False,
) -> None:
    """Build a failed or cancelled build's commit again, without a push. Shows it happen.

    Examples:

      madang rebuild

      madang rebuild 12
    """
    session = project_session(url, club, project)
    if number is None:
        found = session.portal.get(f"{session.path}/builds", limit=1)
        number = next((each["number"] for each in found), None)
    if number is None:
        raise Problem(
            what="Nothing of this project was built yet.",
            next="Push: git push madang main",
            reason="nothing-to-rebuild",
        )
    build = session.portal.post(f"{session.path}/builds/{number}/rebuild")
    what = f"Build {build['number']}"
    begun = f"{what} builds the commit of build {number} again."
    show(session.portal, build, what=what, begun=begun, detach=detach, json=json)
