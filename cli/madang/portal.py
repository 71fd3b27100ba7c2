"""Speaking to the portal's API: tries again what may be tried again, and turns refusals into Problems."""

import json
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import truststore
from httpx import codes

from madang import __version__
from madang.backoff import pause_seconds
from madang.language import accept_language
from madang.localhost import LocalhostTransport
from madang.output import hint
from madang.problem import Problem
from madang.refusal import duration, explained, refusal, retry_after_seconds

_TRIES = 5
_TIMEOUT = httpx.Timeout(30.0, connect=10.0)
# A stream is never silent for longer than a few heartbeats (the portal sends one every 15 s or less).
_STREAM_TIMEOUT = httpx.Timeout(60.0, connect=10.0)
_UNWELL = {502, 503, 504}
# Who has to wait longer is told so, and left alone meanwhile.
_LONGEST_WAIT_SECONDS = 60.0


class Portal:
    """The API of one Madang with one key.

    url: the portal's origin; pause: sleeps for seconds; tell: says why it does.
    """

    def __init__(
        self,
        url: str,
        key: str | None,
        *,
        pause: Callable[[float], None] = time.sleep,
        tell: Callable[[str], None] = hint,
        tries: int = _TRIES,
    ) -> None:
        self.url = url
        self.pause = pause
        self._tell = tell
        self._tries = tries
        headers = {"User-Agent": f"madang-cli/{__version__}", "Accept": "application/json"}
        if wanted := accept_language():
            headers["Accept-Language"] = wanted
        if key:
            headers["Authorization"] = f"Bearer {key}"
        # The system's certificates: a school's own authority is there, not in certifi.
        trust = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._client = httpx.Client(
            base_url=f"{url}/api/v1",
            headers=headers,
            timeout=_TIMEOUT,
            verify=trust,
            mounts={"all://*.localhost": LocalhostTransport(verify=trust)},
        )

    def get(self, path: str, **query: Any) -> Any:
        return self._call("GET", path, query=query)

    def get_all(self, path: str) -> list[Any]:
        """A list to its last page (the header Link names the next one, RFC 8288)."""
        rows: list[Any] = []
        following: str | None = path
        while following:
            response = self._send("GET", following)
            rows += self._read(response)
            link = response.links.get("next", {}).get("url")
            following = str(httpx.URL(self.url).join(link)) if link else None
        return rows

    def post(self, path: str, body: Any = None) -> Any:
        return self._call("POST", path, body=body)

    def patch(self, path: str, body: Any) -> Any:
        return self._call("PATCH", path, body=body)

    def delete(self, path: str) -> Any:
        return self._call("DELETE", path)

    @contextmanager
    def stream(self, path: str, **query: Any) -> Iterator[Iterator[dict[str, Any]]]:
        """The objects of an NDJSON answer as they come.

        Raises Problem when refused, httpx.TransportError when lost.
        """
        with self._client.stream(
            "GET",
            path,
            params=_given(query) or None,
            headers={"Accept": "application/x-ndjson"},
            timeout=_STREAM_TIMEOUT,
        ) as response:
            if response.status_code in _UNWELL:
                raise httpx.ReadError(f"{response.status_code} {response.reason_phrase}")
            if response.is_error:
                response.read()
                refused = refusal(self.url, response)
                if _is_soon(response):
                    raise httpx.ReadError(refused.what)
                raise refused
            yield (_event(line) for line in response.iter_lines() if line.strip())

    def _call(self, method: str, path: str, query: dict[str, Any] | None = None, body: Any = None) -> Any:
        return self._read(self._send(method, path, query, body))

    def _send(
        self, method: str, path: str, query: dict[str, Any] | None = None, body: Any = None
    ) -> httpx.Response:
        for attempt in range(self._tries):
            last = attempt == self._tries - 1
            try:
                response = self._client.request(method, path, params=_given(query or {}) or None, json=body)
            except httpx.TransportError as error:
                if last or not _may_repeat(method, error):
                    raise self._unreachable(error) from error
                self.pause(pause_seconds(attempt))
                continue
            if last or not _asks_to_repeat(method, response):
                break
            wait_seconds = retry_after_seconds(response) or pause_seconds(attempt)
            if response.status_code == codes.TOO_MANY_REQUESTS:
                self._tell(f"{refusal(self.url, response).what} Trying again in {duration(wait_seconds)}.")
            self.pause(wait_seconds)
        return response

    def _read(self, response: httpx.Response) -> Any:
        if response.is_error:
            raise refusal(self.url, response)
        if response.status_code == 204 or not response.content:
            return None
        try:
            return response.json()
        except ValueError as error:
            raise _not_madang(self.url, response) from error

    def _unreachable(self, error: httpx.TransportError) -> Problem:
        return Problem(
            what=f"No answer from {self.url}.",
            evidence=str(error) or type(error).__name__,
            next="Check the network, and that this is the address of the page in your browser.\n"
            "If both are right, the platform may be down: ask its operator.",
            reason="unreachable",
        )


def _event(line: str) -> dict[str, Any]:
    """One object of a stream. Raises Problem when the portal says in its midst why it cannot go on."""
    event: dict[str, Any] = json.loads(line)
    if isinstance(event.get("error"), dict):
        raise explained(event["error"])
    return event


def _given(query: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in query.items() if value is not None}


def _may_repeat(method: str, error: httpx.TransportError) -> bool:
    """A change is repeated only if it certainly has not arrived."""
    return method == "GET" or isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)


def _asks_to_repeat(method: str, response: httpx.Response) -> bool:
    return _is_soon(response) or (method == "GET" and response.status_code in _UNWELL)


def _is_soon(response: httpx.Response) -> bool:
    """Whether it was asked too often, and the same will work in a moment. Nothing was done: a change too."""
    wait_seconds = retry_after_seconds(response) or 0.0
    return response.status_code == codes.TOO_MANY_REQUESTS and wait_seconds <= _LONGEST_WAIT_SECONDS


def _not_madang(url: str, response: httpx.Response) -> Problem:
    return Problem(
        what=f"{url} answered, but not as a Madang does.",
        evidence=response.text[:200],
        next="The address is that of the page in the browser: madang login --url ADDRESS",
        reason="not-madang",
    )
