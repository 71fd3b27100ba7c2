"""The options that several commands share."""

from typing import Annotated

import typer

UrlOption = Annotated[
    str | None,
    typer.Option("--url", envvar="MADANG_URL", help="Address of the Madang; else the one logged in to."),
]
ClubOption = Annotated[
    str | None,
    typer.Option(
        "--club", "-c", envvar="MADANG_CLUB", help="The club; else that of the folder's git remote."
    ),
]
ProjectOption = Annotated[
    str | None,
    typer.Option(
        "--project", "-p", help="The project, or club/project; else that of the folder's git remote."
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
CountOption = Annotated[int, typer.Option("--count", "-n", min=1, max=200, help="How many at most.")]
DetachOption = Annotated[
    bool, typer.Option("--detach", "-d", help="Do not wait; watch later with: madang attach")
]
