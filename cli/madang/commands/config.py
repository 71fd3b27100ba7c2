"""config list, set, unset."""

import io
import re
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from dotenv import dotenv_values

from madang.options import ClubOption, DetachOption, JsonOption, ProjectOption, UrlOption
from madang.output import as_json, hint, say, table
from madang.problem import Problem
from madang.session import ProjectSession, project_session
from madang.watching import watch

app = typer.Typer(
    help="The project's settings: environment variables, encrypted on the server.", no_args_is_help=True
)

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_HIDDEN = "••••••••"


@app.command("list")
def list_variables(
    show: Annotated[bool, typer.Option("--show", help="Print the values too.")] = False,
    project: ProjectOption = None,
    club: ClubOption = None,
    url: UrlOption = None,
    json: JsonOption = False,
) -> None:
    """List the names (and with --show the values) of the settings."""
    session = project_session(url, club, project)
    variables = session.portal.get(f"{session.path}/config", show="true" if show else None)["variables"]
    if json:
        as_json(variables)
    elif not variables:
        hint("No settings yet. Set one: madang config set NAME=value")
    else:
        rows = [(name, value if show else _HIDDEN) for name, value in sorted(variables.items())]
        table(("NAME", "VALUE"), rows)


@app.command("set")
def set_variables(
    pairs: Annotated[list[str] | None, typer.Argument(metavar="NAME=VALUE...", show_default=False)] = None,
    file: Annotated[
        str | None, typer.Option("--file", "-f", help="Read a .env file; - is standard input.")
    ] = None,
    project: ProjectOption = None,
    club: ClubOption = None,
    url: UrlOption = None,
    detach: DetachOption = False,
    json: JsonOption = False,
) -> None:
    """Set one or more settings, and restart the project with them as a new release.

    Values are never printed. From a file they do not stay in the shell's history either.

    Examples:

      madang config set DEBUG=0 API_KEY=abc

      madang config set --file .env
    """
    variables = {**(_from_file(file) if file else {}), **_from_pairs(pairs or [])}
    if not variables:
        raise typer.BadParameter("give NAME=VALUE, or --file .env")
    session = project_session(url, club, project)
    _change(session, {"set": variables, "unset": []}, detach=detach, json=json)


@app.command("unset")
def unset_variables(
    names: Annotated[list[str], typer.Argument(metavar="NAME...")],
    project: ProjectOption = None,
    club: ClubOption = None,
    url: UrlOption = None,
    detach: DetachOption = False,
    json: JsonOption = False,
) -> None:
    """Remove settings, and restart the project without them as a new release.

    Example: madang config unset DEBUG API_KEY
    """
    session = project_session(url, club, project)
    _change(session, {"set": {}, "unset": [_checked(name) for name in names]}, detach=detach, json=json)


def _change(session: ProjectSession, change: dict[str, Any], *, detach: bool, json: bool) -> None:
    answer = session.portal.patch(f"{session.path}/config", change)
    names = ", ".join(sorted([*change["set"], *change["unset"]]))
    stream = answer["stream"]
    if stream is None or detach:
        if json:
            as_json(answer)
        elif not answer["changed"]:
            say("Nothing changed: the settings were so already.")
        elif stream is None:
            say(f"Kept: {names}. They hold from the next push on.")
        else:
            say(f"Kept: {names}. Release v{answer['version']} is on its way: madang attach")
        return
    if not json:
        say(f"Kept: {names}. Release v{answer['version']} is on its way.")
    watch(session.portal, str(stream), json=json)


def _from_pairs(pairs: list[str]) -> dict[str, str]:
    variables = {}
    for pair in pairs:
        name, separator, value = pair.partition("=")
        if not separator:
            raise typer.BadParameter(f"{name}: write it as {name}=VALUE")
        variables[_checked(name)] = value
    return variables


def _from_file(name: str) -> dict[str, str]:
    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Problem(
            what=f"{name} cannot be read.",
            evidence=str(error),
            next="Give a text file of NAME=value lines: madang config set --file .env",
            reason="unreadable-file",
        ) from error
    # Without interpolation: a value with ${…} in it means just that, as in the shell's single quotes.
    values = dotenv_values(stream=io.StringIO(text), interpolate=False)
    return {_checked(key): value for key, value in values.items() if value is not None}


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise typer.BadParameter(
            f"{name!r} cannot be a variable's name: letters, digits and _, no digit first"
        )
    return name
