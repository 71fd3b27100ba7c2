"""git's credential helper: `madang credential get|store|erase`, called by git."""

import sys

import httpx
import typer

from madang.credential import answer, host_of, parse_request
from madang.hosts import load_hosts, save_hosts
from madang.portal import Portal
from madang.problem import Problem

app = typer.Typer(help="Called by git: hands it the key when you push (gitcredentials(7)).")


@app.command()
def get() -> None:
    """Print the key for the host that git names, if it is one of ours."""
    sys.stdout.write(answer(parse_request(sys.stdin), load_hosts()))


@app.command()
def store() -> None:
    """Nothing: `madang login` stores keys, after checking them."""
    parse_request(sys.stdin)


@app.command()
def erase() -> None:
    """Forget a key that the git server refused, once the portal refuses it too."""
    hosts = load_hosts()
    request = parse_request(sys.stdin)
    host = host_of(request, hosts)
    if host is None or request.password not in host.keys.values():
        return
    # A key is shown once: one bad moment of the git server must not cost the student theirs.
    if request.password and _portal_refuses(host.url, request.password):
        save_hosts(hosts.without_key(host.url, request.password))
        sys.stderr.write(
            "madang: this key was revoked or has expired, and is forgotten now.\n"
            f"→ Log in with a new one: madang login --url {host.url}\n"
        )


def _portal_refuses(url: str, key: str) -> bool:
    try:
        Portal(url, key, tries=1).get("/whoami")
    except Problem as problem:
        return problem.status == httpx.codes.UNAUTHORIZED
    return False
