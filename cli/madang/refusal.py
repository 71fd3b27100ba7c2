"""What a refused request means for the person who made it."""

import math
from typing import Any

import httpx

from madang.problem import Problem

_NEXT = {
    401: "Get a new key from an owner of your club (its page, Keys), then: madang login --url {url}",
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
    ours = _NEXT.get(status, "").format(url=url)
    # The portal speaks to whoever uses its API; what to do about a key is for this command to say.
    following = (ours if status == httpx.codes.UNAUTHORIZED else given.get("next")) or ours or _else(status)
    if status == httpx.codes.TOO_MANY_REQUESTS and (wait_seconds := retry_after_seconds(response)):
        following = f"{following}\nThe same works again in {duration(wait_seconds)}; nothing was changed."
    return Problem(
        what=str(what),
        evidence=str(evidence),
        next=str(following),
        reason=str(given.get("reason") or f"http-{status}"),
        status=status,
    )


def retry_after_seconds(response: httpx.Response) -> float | None:
    """What the portal asks to wait; None if it does not say."""
    try:
        return max(1.0, float(response.headers["Retry-After"]))
    except (KeyError, ValueError):
        return None


def duration(seconds: float) -> str:
    """In the largest unit that says enough, rounded up: nobody comes too early."""
    for unit, unit_seconds in (("hours", 3600), ("minutes", 60)):
        if seconds > 2 * unit_seconds:
            return f"{math.ceil(seconds / unit_seconds)} {unit}"
    count = math.ceil(seconds)
    return "1 second" if count == 1 else f"{count} seconds"


def explained(given: dict[str, Any]) -> Problem:
    """A Problem from the portal's own explanation."""
    return Problem(
        what=str(given.get("what") or _platform_failed(500)),
        evidence=str(given.get("evidence") or ""),
        next=str(given.get("next") or _else(500)),
        reason=str(given.get("reason") or "error"),
    )


def _explanation(response: httpx.Response) -> dict[str, Any]:
    try:
        content = response.json()
    except ValueError:
        return {}
    if not isinstance(content, dict):
        return {}
    error = content.get("error")
    return error if isinstance(error, dict) else {}


def _request_line(response: httpx.Response) -> str:
    request = response.request
    return f"{request.method} {request.url.path}: {response.status_code} {response.reason_phrase}"


def _platform_failed(status: int) -> str:
    if status >= 500:
        return "Not your mistake: the platform could not carry this out."
    return "The platform refused the request."


def _else(status: int) -> str:
    if status >= 500:
        return "Try again in a minute. If it stays so, send the line above to the operator."
    return "Check the command with --help."
