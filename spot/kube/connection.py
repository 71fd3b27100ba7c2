"""One connection to the API server: raw JSON in and out, a deadline on every request, our errors only.

The Python client's models refuse a null label, which is how a pod is detached: hence raw bodies.
"""

from __future__ import annotations

import copy
import json
import os
import random
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from kubernetes.client import ApiClient, Configuration
from kubernetes.client.exceptions import ApiException
from kubernetes.config import load_incluster_config, load_kube_config
from kubernetes.config.config_exception import ConfigException
from urllib3.exceptions import HTTPError, ReadTimeoutError

from spot.errors import Conflict, Denied, Missing, NotLeading, PermanentError, SpotError, TemporaryError
from spot.kube.pace import Pace
from spot.pods import JsonMap

CONNECT_SECONDS = 3.0
READ_SECONDS = 15.0
ATTEMPTS = 4
MERGE = "application/merge-patch+json"
BUSY = frozenset({408, 429, 500, 502, 503, 504})
MOST_CONNECTIONS = 64

# A watch whose other end has vanished without a word is dead after 25 s: a notice is only 120 s long.
KEEP_ALIVE = [
    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 10),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 5),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
]


class Expired(TemporaryError):
    """The watch's place in history is gone (410): list again."""


class Refused(TemporaryError):
    """A disruption budget does not let this pod go now (429, 500): no trouble of the API server's."""


class Connection:
    """Requests to the API server, safe to share between threads."""

    def __init__(self, configuration: Configuration, pace: Pace | None = None) -> None:
        # urllib3 would repeat on its own, unseen and without a pause; `call` repeats with jitter.
        configuration.retries = False
        configuration.connection_pool_maxsize = MOST_CONNECTIONS
        self._client = ApiClient(configuration)
        self._client.rest_client.pool_manager.connection_pool_kw["socket_options"] = KEEP_ALIVE
        self.pace = pace or Pace()
        self._conditions: tuple[tuple[Callable[[], bool], type[TemporaryError]], ...] = ()

    @classmethod
    def from_environment(cls) -> Connection:
        """In a pod, its service account; else the file of KUBECONFIG. PermanentError without either."""
        configuration = Configuration()
        try:
            if named := os.environ.get("KUBECONFIG"):
                # By name: the client reads the variable only once, when it is imported.
                load_kube_config(config_file=named, client_configuration=configuration)
            else:
                load_incluster_config(client_configuration=configuration)
        except (ConfigException, OSError) as error:
            raise PermanentError(
                f"No cluster is configured ({error}). Run inside one, or set KUBECONFIG to a kubeconfig."
            ) from error
        return cls(configuration)

    def only_while(
        self, may_write: Callable[[], bool], otherwise: type[TemporaryError] = NotLeading
    ) -> Connection:
        """The same connection, which writes only while `may_write` says so too, and else raises `otherwise`.

        It is asked before each attempt, as late as can be.
        """
        guarded = copy.copy(self)
        guarded._conditions = (*self._conditions, (may_write, otherwise))
        return guarded

    def alone(self) -> Connection:
        """The same connection with a pace of its own: it waits for no turn behind others' requests."""
        apart = copy.copy(self)
        apart.pace = Pace(self.pace.counted)
        return apart

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        content_type: str = MERGE,
        attempts: int = ATTEMPTS,
        read_seconds: float = READ_SECONDS,
    ) -> Any:
        """The answer's JSON. Raises TemporaryError (after `attempts`), Missing, Denied or PermanentError.

        Conflict, Expired, Refused and NotLeading are the caller's to think about, and never repeated here.
        """
        for attempt in range(1, attempts + 1):
            try:
                return self._once(method, path, query, body, content_type, read_seconds)
            except TemporaryError as error:
                if attempt == attempts or isinstance(error, (Conflict, Expired, Refused, NotLeading)):
                    raise
                time.sleep(_pause_seconds(attempt, getattr(error, "retry_after_seconds", 0.0)))
        raise AssertionError("unreachable")

    def watch(
        self, path: str, *, query: Mapping[str, str], quiet_seconds: float
    ) -> Iterator[tuple[str, JsonMap]]:
        """(type, object) as they come. Ends when the server ends it or is silent for `quiet_seconds`.

        Raises Expired (410), TemporaryError or PermanentError.
        """
        try:
            response = self._request("GET", path, {**query, "watch": "true"}, None, MERGE, quiet_seconds)
        except (ApiException, HTTPError, OSError) as error:
            raise _ours(error, f"watch {path}") from error
        try:
            for line in _lines(response):
                event = json.loads(line)
                if event["type"] == "ERROR":
                    if event["object"].get("code") == 410:
                        raise Expired(f"watch {path}: {event['object'].get('message')}")
                    raise TemporaryError(f"watch {path}: {event['object'].get('message')}")
                yield event["type"], event["object"]
        except ReadTimeoutError:
            return
        except (HTTPError, OSError, ValueError) as error:
            raise TemporaryError(f"watch {path}: {type(error).__name__}: {error}") from error
        finally:
            # What was not read must not be taken for the answer to the next request on this connection.
            response.close()
            response.release_conn()

    def _once(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        body: Any,
        content_type: str,
        read_seconds: float,
    ) -> Any:
        with self.pace.turn(method) as told:
            # Only now: it may have waited for its turn, or its process may have stood still.
            for may_write, otherwise in self._conditions if method != "GET" else ():
                if not may_write():
                    raise otherwise(f"{method} {path}: not sent any more")
            try:
                response = self._request(method, path, query, body, content_type, read_seconds)
                text = response.data
            except (ApiException, HTTPError, OSError) as error:
                ours = _ours(error, f"{method} {path}")
                status = getattr(error, "status", None) or "none"
                told("budget" if isinstance(ours, Refused) else status)
                raise ours from error
            told(response.status)
        try:
            return json.loads(text) if text else None
        except ValueError as error:
            raise TemporaryError(f"{method} {path}: the answer is not JSON") from error

    def _request(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        body: Any,
        content_type: str,
        read_seconds: float,
    ) -> Any:
        # Only a patch has a type of its own; a deletion with preconditions is refused as anything else (415).
        if method != "PATCH":
            content_type = "application/json"
        return self._client.call_api(
            path,
            method,
            query_params=list((query or {}).items()),
            header_params={"Accept": "application/json", "Content-Type": content_type},
            body=body,
            auth_settings=["BearerToken"],
            _preload_content=False,
            _return_http_data_only=True,
            _request_timeout=(CONNECT_SECONDS, read_seconds),
        )


def _lines(response: Any) -> Iterator[bytes]:
    rest = b""
    for chunk in response.stream(None, decode_content=False):
        *whole, rest = (rest + chunk).split(b"\n")
        yield from (line for line in whole if line)


def _ours(error: Exception, doing: str) -> SpotError:
    if not isinstance(error, ApiException):
        return TemporaryError(f"{doing}: {type(error).__name__}: {error}")
    text = f"{doing}: HTTP {error.status}: {_message(error)}"
    if error.status == 404:
        return Missing(text)
    if error.status in (403, 422):
        return Denied(text)
    if error.status == 409:
        return Conflict(text)
    if error.status == 410:
        return Expired(text)
    # 500: two budgets look at the pod, which no eviction passes (kubernetes pkg/registry/core/pod/storage).
    if error.status in (429, 500) and "DisruptionBudget" in _body(error):
        return Refused(text)
    if error.status in BUSY:
        busy = TemporaryError(text)
        busy.retry_after_seconds = _retry_after(error)  # type: ignore[attr-defined]
        return busy
    return PermanentError(text)


def _message(error: ApiException) -> str:
    body = _body(error)
    try:
        said = json.loads(body).get("message") or body
    except (ValueError, AttributeError):
        said = body
    return " ".join(str(said or error.reason or "").split())[:600]


def _body(error: ApiException) -> str:
    return error.body.decode("utf-8", "replace") if isinstance(error.body, bytes) else error.body or ""


def _retry_after(error: ApiException) -> float:
    value = str((error.headers or {}).get("Retry-After", ""))
    return float(value) if value.isdigit() else 0.0


def _pause_seconds(attempt: int, asked: float) -> float:
    """Full jitter over 0.2, 0.4, 0.8 s, never less than asked, at most 5 s: a deadline is running."""
    return min(asked + random.uniform(0.02, 0.2 * 2 ** (attempt - 1)), 5.0)  # noqa: S311
