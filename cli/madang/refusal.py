"""What a refused request means for the person who made it."""

from typing import Any

import httpx

from madang.problem import Problem

_NEXT = {
    401: "Make a new key on your club's page (Keys), then: madang login --url {url}",
    403: "Ask an owner of your club for a key with this right, then: madang login --url {url}",
    404: "See what there is: madang project list",
    409: "Look at the state first: madang releases",
    413: "Send less at once.",
    429: "Wait a minute, then run the command again.",
}
_WHAT = {
    401: "The key is not accepted: it is wrong, revoked or expired.",
    403: "The key does not allow this.",
    404: "There is no such thing here, or the key does not open it.",
    429: "Too many requests in a short time.",
}


def refusal(url: str, response: httpx.Response) -> Problem:
    """A Problem from an error answer: the portal's own explanation where it gave one."""
    status = response.status_code
    given = _explanation(response)
    what = given.get("what") or _WHAT.get(status) or _platform_failed(status)
    evidence = given.get("evidence") or _request_line(response)
    following = given.get("next") or _NEXT.get(status, "").format(url=url) or _ask_operator(status)
    return Problem(
        what=str(what),
        evidence=str(evidence),
        next=str(following),
        reason=str(given.get("reason") or f"http-{status}"),
        status=status,
    )


def _explanation(response: httpx.Response) -> dict[str, Any]:
    try:
        content = response.json()
    except ValueError:
        return {}
    if not isinstance(content, dict):
        return {}
    error = content.get("error")
    if isinstance(error, dict):
        return error
    return {**content, "what": content.get("what")}


def _request_line(response: httpx.Response) -> str:
    request = response.request
    return f"{request.method} {request.url.path}: {response.status_code} {response.reason_phrase}"


def _platform_failed(status: int) -> str:
    if status >= 500:
        return "Not your mistake: the platform could not carry this out."
    return "The platform refused the request."


def _ask_operator(status: int) -> str:
    if status >= 500:
        return "Try again in a minute. If it stays so, send the line above to the operator."
    return "Check the command with --help."
