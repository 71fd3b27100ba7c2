"""The command `madang`: its groups and how its errors are shown."""

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from madang import __version__
from madang.commands import build, config, credential, deploy, keys, login, logs, project, release
from madang.output import complain
from madang.problem import INTERRUPTED_EXIT_CODE, Problem

_HELP = """Put your club's projects on the web with git push.

[bold]The first time[/bold]

  madang login --url https://madang.example.org
  cd my-project
  madang project create
  git push madang main

[bold]Every day[/bold]

  madang logs -f                     what the app prints
  madang config set NAME=value       settings and secrets
  madang releases                    what was live when
  madang rollback                    back to the version before

The guide, step by step, is on your Madang's page at /help.
"""


class _Group(TyperGroup):
    """Ends a command with the three lines of its Problem instead of a traceback."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        ctx.meta["madang.json"] = "--json" in args
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except Problem as problem:
            complain(problem.to_json() if ctx.meta["madang.json"] else problem.lines())
            raise typer.Exit(problem.exit_code) from problem
        except KeyboardInterrupt as error:
            raise typer.Exit(INTERRUPTED_EXIT_CODE) from error


app = typer.Typer(
    cls=_Group,
    help=_HELP,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"madang {__version__}")
        raise typer.Exit


@app.callback()
def _madang(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    pass


login.register(app)
app.add_typer(project.app, name="project")
deploy.register(app)
build.register(app)
release.register(app)
app.add_typer(config.app, name="config")
logs.register(app)
app.add_typer(keys.app, name="keys")
app.add_typer(credential.app, name="credential", hidden=True)
