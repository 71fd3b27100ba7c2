"""login, logout, whoami."""

import os
import shutil
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from madang.address import origin, portal_url, told_address
from madang.hosts import hosts_path, load_hosts, save_hosts
from madang.options import ClubOption, JsonOption, UrlOption
from madang.output import as_json, hint, moment, say
from madang.portal import Portal
from madang.problem import Problem
from madang.repository import drop_credential_helper, use_credential_helper
from madang.session import KEY_VARIABLE, portal_session

_PREFIX = "mdg_"


def register(app: typer.Typer) -> None:
    app.command()(login)
    app.command()(logout)
    app.command()(whoami)


def login(
    url: UrlOption = None,
    key: Annotated[
        str | None,
        typer.Option(help="The access key, or - to read it from standard input.", show_default=False),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Keep an access key on this computer, for this command and for git.

    The key is checked, stored so that only you can read it, and git is told to
    ask for it when you push to this Madang. A key per club: log in once with each.

    Examples:

      madang login

      madang login --url https://madang.example.org

      madang login --url https://madang.example.org --key - < key.txt
    """
    hosts = load_hosts()
    asked = "Address of your Madang, as in the browser"
    place = portal_url(url or typer.prompt(asked, default=hosts.current))
    secret = _key(key)
    identity = Portal(place, secret).get("/whoami")
    told = told_address("its git server", identity["git_url"])
    git_url = origin(told) or told
    save_hosts(hosts.with_key(url=place, git_url=git_url, opens=_opens(identity["key"]), key=secret))
    use_credential_helper(git_url, helper_command())
    if json:
        as_json(identity)
        return
    say(f"Logged in to {place}: {_described(identity['key'])}", "green")
    hint(f"The key is kept in {hosts_path()}; git asks `madang` for it when you push.")
    hint(f"Next, in your project's folder: {_next_step(identity['key'])}")


def logout(url: UrlOption = None, club: ClubOption = None) -> None:
    """Forget the keys kept on this computer (they stay valid: revoke a lost one).

    Examples:

      madang logout

      madang logout --club robotics
    """
    hosts = load_hosts()
    place = portal_url(url) if url else hosts.current
    host = hosts.by_url.get(place or "")
    if host is None:
        hint("You are not logged in; nothing to forget.")
        return
    forgotten = [opens for opens in host.keys if club is None or opens.split("/")[0] == club]
    if not forgotten:
        hint(f"No key for the club {club} is kept here; kept are: {', '.join(sorted(host.keys))}")
        return
    for opens in forgotten:
        hosts = hosts.without_key(host.url, host.keys[opens])
    save_hosts(hosts)
    if host.url not in hosts.by_url:
        drop_credential_helper(host.git_url)
    say(f"Forgot the keys for {', '.join(forgotten)} on {host.url}.")
    hint("They stay valid until revoked: madang keys revoke ID, or the club's page.")


def whoami(url: UrlOption = None, club: ClubOption = None, json: JsonOption = False) -> None:
    """Show which key is used here, what it may do and until when; all kept keys if none stands out."""
    try:
        portals = [portal_session(url, club)]
    except Problem as problem:
        hosts = load_hosts()
        host = hosts.by_url.get(portal_url(url) if url else hosts.current or "")
        if problem.reason != "several-clubs" or host is None:
            raise
        portals = [Portal(host.url, key) for key in host.keys.values()]
    identities = [portal.get("/whoami") for portal in portals]
    if json:
        as_json(identities[0] if len(identities) == 1 else identities)
        return
    for portal, identity in zip(portals, identities, strict=True):
        say(f"{portal.url}: {_described(identity['key'])}")


def helper_command() -> str:
    """How git calls this program: by name where the shell finds it, else by its whole path."""
    program = Path(sys.argv[0])
    found = shutil.which("madang")
    if found and (program.stem != "madang" or Path(found).resolve() == program.resolve()):
        return "!madang credential"
    if program.stem == "madang" and program.exists():
        return f"!'{program.resolve()}' credential"
    return f"!'{sys.executable}' -m madang credential"


def _key(given: str | None) -> str:
    if given == "-":
        given = sys.stdin.readline()
    secret = (given or os.environ.get(KEY_VARIABLE) or typer.prompt("Access key", hide_input=True)).strip()
    if not secret.startswith(_PREFIX):
        raise Problem(
            what="This is no access key.",
            evidence=f"An access key begins with {_PREFIX}; this one has {len(secret)} other characters.",
            next="Copy the whole key from your club's page (Keys), or ask an owner of your club for one.",
            reason="bad-key",
        )
    return secret


def _opens(key: dict[str, Any]) -> str:
    return f"{key['club']}/{key['project']}" if key.get("project") else str(key["club"])


def _next_step(key: dict[str, Any]) -> str:
    """Only a key with the scope manage, for all of the club, makes projects."""
    if key.get("project"):
        return f"madang project link {key['project']}"
    if "manage" in key["scopes"]:
        return "madang project create"
    return "madang project link NAME (which there are: madang project list)"


def _described(key: dict[str, Any]) -> str:
    until = f", until {moment(key['expires_at'])}" if key.get("expires_at") else ""
    return f"{_opens(key)}, key {key['name']} ({', '.join(key['scopes'])}{until})"
