"""Ask an address through the ingress controller: ready pods are not yet reachable ones."""

from __future__ import annotations

from dataclasses import dataclass

import httpx

# What Madang's ingress controller adds to the answers of apps, and not to its own 404.
SERVED_BY = ("x-served-by", "madang")
# What the platform's own page adds, which stands in for a project that is not there; the value says why.
ABSENCE = "x-madang-absence"
GATEWAY = frozenset({502, 503, 504})
CONTROLLER_404 = "404 page not found"


@dataclass(frozen=True)
class Answer:
    """`status` None: nothing answered, `error` says why. `from_app`: an app answered, not the controller.

    `absent`: the platform's own page answered, which stands where no project's way does.
    """

    status: int | None
    from_app: bool
    error: str = ""
    absent: bool = False

    @property
    def live(self) -> bool:
        return self.from_app and self.status not in GATEWAY

    @property
    def unrouted(self) -> bool:
        """The controller was not reached, or has no such address: nothing was heard of the app."""
        unknown = self.absent or self.status == 404
        return not self.from_app and (unknown or self.error.startswith("Connect"))


def ask(probe_url: str, hostname: str, path: str, timeout_seconds: float = 5.0) -> Answer:
    """GET `path` of `hostname` from the controller at `probe_url`; redirects are answers too.

    Of the body no more is read than its first part, and as it comes: an app may send without an end, or what
    unpacks to gigabytes.
    """
    headers = {"Host": hostname, "User-Agent": "madang-rollout", "Accept-Encoding": "identity"}
    head: httpx.Response | None = None
    body, error = b"", ""
    try:
        # The environment's proxies are for the world outside.
        with (
            httpx.Client(trust_env=False, timeout=timeout_seconds) as client,
            client.stream("GET", probe_url.rstrip("/") + path, headers=headers) as head,
        ):
            body = next(head.iter_raw(), b"")
    except httpx.HTTPError as trouble:
        error = f"{type(trouble).__name__}: {trouble}"
    if head is None:
        return Answer(None, False, error)
    # Once the answer's head has come, a page that goes on for long is no failure.
    return read(head.status_code, dict(head.headers), body[:200].decode("utf-8", "replace"))


def read(status: int, headers: dict[str, str], body: str) -> Answer:
    """Whose answer it is. Without the controller's mark, an unknown 404 or 50x counts as the controller's."""
    if ABSENCE in headers:
        return Answer(status, False, absent=True)
    if headers.get(SERVED_BY[0], "").lower() == SERVED_BY[1]:
        return Answer(status, True)
    if status == 404:
        return Answer(status, body.strip() != CONTROLLER_404)
    return Answer(status, status not in GATEWAY)
