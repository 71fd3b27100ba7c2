"""releases and rollback."""

from typing import Annotated

import typer

from madang.options import ClubOption, CountOption, DetachOption, JsonOption, ProjectOption, UrlOption
from madang.output import as_json, hint, moment, table
from madang.session import project_session
from madang.watching import show


def register(app: typer.Typer) -> None:
    app.command()(releases)
    app.command()(rollback)


def releases(
    count: CountOption = 20,
    project: ProjectOption = None,
    club: ClubOption = None,
    url: UrlOption = None,
    json: JsonOption = False,
) -> None:
    """List the project's releases, newest first."""
    session = project_session(url, club, project)
    found = session.portal.get(f"{session.path}/releases", limit=count)
    if json:
        as_json(found)
    elif not found:
        hint("There is no release yet. Push: git push madang main")
    else:
        rows = [
            (
                f"v{each['version']}",
                each["state"],
                each["commit"][:10],
                moment(each["created_at"]),
                each["reason"] or each["description"],
            )
            for each in found
        ]
        table(("RELEASE", "STATE", "COMMIT", "MADE", "WHAT"), rows)


def rollback(
    version: Annotated[str | None, typer.Argument(help="A release, as v3 or 3; else the one before.")] = None,
    project: ProjectOption = None,
    club: ClubOption = None,
    url: UrlOption = None,
    detach: DetachOption = False,
    json: JsonOption = False,
) -> None:
    """Make an older release live again, as a new release. Shows it happen.

    Examples:

      madang rollback

      madang rollback v3
    """
    session = project_session(url, club, project)
    answer = session.portal.post(f"{session.path}/rollback", {"version": _number(version)})
    what = f"Release v{answer['version']}"
    show(session.portal, answer, what=what, begun=f"{what} is on its way.", detach=detach, json=json)


def _number(version: str | None) -> int | None:
    if version is None:
        return None
    digits = version.lower().removeprefix("v")
    if not digits.isdigit():
        raise typer.BadParameter("a release is a number, as v3 or 3; see: madang releases")
    return int(digits)
