"""Who asks, from a request's Authorization header."""

from __future__ import annotations

import base64
import binascii

from deployer.errors import Explanation
from deployer.sentence import Sentence
from portal.gitserver.address import GitRequest, Service

CHALLENGE = ((b"www-authenticate", b'Basic realm="Madang: any user name, your access key as password"'),)


def key_of(authorization: str) -> str | None:
    """The access key of an Authorization header: the password of Basic (RFC 7617; the user name does not
    matter), or a Bearer token. None if there is none."""
    scheme, _, given = authorization.strip().partition(" ")
    given = given.strip()
    if scheme.lower() == "bearer":
        return given or None
    if scheme.lower() != "basic":
        return None
    try:
        _, colon, password = base64.b64decode(given, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return password if colon and password else None


def key_wanted() -> Explanation:
    return Explanation(
        "key-wanted",
        "Madang needs an access key here.",
        "",
        "Give any user name and the key (mdg_…) as password, or run `madang login` once.",
    )


def key_refused() -> Explanation:
    return Explanation(
        "key-refused",
        "This access key is mistyped, expired or revoked.",
        "",
        "Copy it again (mdg_…), or ask your club's owner for a new one. "
        "`madang login` replaces the key that git stored.",
    )


def scope_missing(request: GitRequest) -> Explanation:
    project = f"{request.club}/{request.project}"
    return Explanation(
        "scope-missing",
        Sentence("This key may not push to {project}.", project=project)
        if request.service is Service.PUSH
        else Sentence("This key may not read {project}.", project=project),
        "",
        Sentence(
            "Use a key with the scope `{scope}` for this project; a club owner can make one.",
            scope=request.service.scope,
        ),
    )


def unknown_project(request: GitRequest) -> Explanation:
    """The same for what is not there and for what the key may not see."""
    return Explanation(
        "not-found",
        Sentence(
            "There is no project {project}, or this key may not see it.",
            project=f"{request.club}/{request.project}",
        ),
        "",
        Sentence(
            "Check the address (git remote -v) and the key, or make it: madang project create {project}",
            project=f"{request.club}/{request.project}",
        ),
    )
