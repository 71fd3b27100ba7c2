"""logs: what the project's running copies print."""

from math import ceil
from typing import Annotated

import typer

from madang.options import ClubOption, JsonOption, ProjectOption, UrlOption
from madang.output import hint, json_line, raw
from madang.problem import INTERRUPTED_EXIT_CODE
from madang.session import project_session
from madang.tailing import Line, tail


def register(app: typer.Typer) -> None:
    app.command()(logs)


def logs(
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as new lines come.")] = False,
    count: Annotated[int, typer.Option("--tail", "-n", min=0, help="How many lines back.")] = 100,
    project: ProjectOption = None,
    club: ClubOption = None,
    url: UrlOption = None,
    json: JsonOption = False,
) -> None:
    """Print what the project's running copies have written to standard output and error.

    Examples:

      madang logs

      madang logs -f --tail 20
    """
    session = project_session(url, club, project)

    def show(line: Line) -> None:
        if json:
            json_line({"at": line.at, "pod": line.pod, "text": line.text})
        else:
            raw(f"{line.pod} | {line.text}" if line.pod else line.text)

    try:
        any_line = tail(
            lambda tail_count, since: session.portal.stream(
                f"{session.path}/logs", follow=str(follow).lower(), tail=tail_count, since=since
            ),
            show,
            lambda reason, wait_seconds: hint(f"madang: lost ({reason}); again in {ceil(wait_seconds)} s"),
            count=count,
            follow=follow,
            pause=session.portal.pause,
        )
    except KeyboardInterrupt as error:
        raise typer.Exit(INTERRUPTED_EXIT_CODE) from error
    if not any_line and not json:
        hint("No lines. Is a release live? madang releases")
