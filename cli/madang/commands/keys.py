"""keys list, create, revoke."""

from enum import StrEnum
from typing import Annotated

import typer

from madang.options import ClubOption, JsonOption, UrlOption
from madang.output import as_json, hint, moment, say, table
from madang.session import club_session

app = typer.Typer(help="The club's access keys (needs a key with the scope manage).", no_args_is_help=True)


class Scope(StrEnum):
    """What a key may do; each includes the ones before it."""

    READ = "read"
    DEPLOY = "deploy"
    MANAGE = "manage"


@app.command("list")
def list_keys(club: ClubOption = None, url: UrlOption = None, json: JsonOption = False) -> None:
    """List the club's keys: what each may do, until when, and when it was last used."""
    portal, club = club_session(url, club)
    keys = portal.get_all(f"/clubs/{club}/keys")
    if json:
        as_json(keys)
        return
    rows = [
        (
            key["id"],
            key["name"],
            ",".join(key["scopes"]),
            key["project"] or "all",
            moment(key["expires_at"]) if key["expires_at"] else "never",
            moment(key["last_used_at"]) if key["last_used_at"] else "never",
            "revoked" if key["revoked_at"] else "",
        )
        for key in keys
    ]
    table(("ID", "NAME", "SCOPES", "PROJECT", "EXPIRES", "LAST USED", ""), rows)


@app.command("create")
def create_key(
    name: Annotated[str, typer.Argument(help="Whose or what for, as “minji's laptop”.")],
    scope: Annotated[Scope, typer.Option(help="What it may do.")] = Scope.DEPLOY,
    project: Annotated[str | None, typer.Option("--project", "-p", help="For this project only.")] = None,
    days: Annotated[int | None, typer.Option(min=1, max=3650, help="Until it expires; else never.")] = None,
    club: ClubOption = None,
    url: UrlOption = None,
    json: JsonOption = False,
) -> None:
    """Make a key and print it, this once.

    read sees; deploy pushes, rolls back and changes settings; manage does all.

    Examples:

      madang keys create "minji's laptop"

      madang keys create ci --scope deploy --project lunch-menu --days 90
    """
    portal, club = club_session(url, club)
    order = {"name": name, "scopes": [scope.value], "project": project, "expires_in_days": days}
    key = portal.post(f"/clubs/{club}/keys", order)
    if json:
        as_json(key)
        return
    say(key["token"])
    hint("Shown this once: copy it now. Its owner runs:")
    hint(f"  madang login --url {portal.url}")


@app.command("revoke")
def revoke_key(
    identity: Annotated[str, typer.Argument(metavar="ID", help="As in madang keys list.")],
    club: ClubOption = None,
    url: UrlOption = None,
) -> None:
    """End a key at once: pushes, API and command stop working with it."""
    portal, club = club_session(url, club)
    portal.delete(f"/clubs/{club}/keys/{identity}")
    say(f"Key {identity} is revoked.")
