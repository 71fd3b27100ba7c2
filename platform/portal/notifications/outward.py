"""One POST to an address that somebody else chose: to nobody inside, not for long, and not much is read.

The name is resolved once, and the connection goes to the very address that was checked: what the name says a
moment later changes nothing. TLS and the Host header keep the name. Redirects are not followed.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import httpcore
import httpx

from portal.notifications.public_address import is_allowed

SECONDS = 10.0
_ANSWER_BYTES = 4096

Resolve = Callable[[str, int], list[str]]


class Forbidden(Exception):
    """The address is none that a webhook may go to."""


class Unreachable(Exception):
    """Nothing answered in time, or not in HTTP."""


@dataclass(frozen=True)
class Response:
    """`text` is the beginning of the body; `retry_after` the seconds that the other side asked to wait."""

    status: int
    text: str
    retry_after: int = 0


def resolve(host: str, port: int) -> list[str]:
    """Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    networks: Iterable[str] = (),
    seconds: float = SECONDS,
    resolve: Resolve = resolve,
    tls: ssl.SSLContext | None = None,
) -> Response:
    """Raises Forbidden or Unreachable."""
    backend = _Guarded(tuple(networks), time.monotonic() + seconds, resolve)
    timeout = dict.fromkeys(("connect", "read", "write", "pool"), seconds)
    pool = httpcore.ConnectionPool(
        ssl_context=tls or httpx.create_ssl_context(trust_env=False),
        max_connections=1,
        network_backend=backend,
    )
    try:
        with (
            pool,
            pool.stream(
                "POST", url, headers=list(headers.items()), content=body, extensions={"timeout": timeout}
            ) as answer,
        ):
            text = b""
            for piece in answer.iter_stream():
                text += piece
                if len(text) >= _ANSWER_BYTES:
                    break
    except httpcore.TimeoutException as error:
        raise Unreachable(f"no answer within {seconds:g} s") from error
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol, OSError) as error:
        raise Unreachable(str(error) or type(error).__name__) from error
    asked = dict(answer.headers).get(b"Retry-After", b"") or dict(answer.headers).get(b"retry-after", b"")
    return Response(
        answer.status,
        text[:_ANSWER_BYTES].decode("utf-8", "replace"),
        min(int(asked), 3600) if asked.isdigit() else 0,
    )


class _Guarded(httpcore.NetworkBackend):
    """Connects to nothing that was not checked."""

    def __init__(self, networks: tuple[str, ...], until: float, resolve: Resolve) -> None:
        self._networks, self._until, self._resolve = networks, until, resolve
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        try:
            addresses = self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"the name {host} is not known") from error
        refused = [each for each in addresses if not is_allowed(each, self._networks)]
        # One inside among several outside is an attempt, and no mistake of anybody's.
        if refused or not addresses:
            raise Forbidden(host)
        stream = self._inner.connect_tcp(addresses[0], port, _left(self._until), None, socket_options)
        return _Hurried(stream, self._until)

    def connect_unix_socket(self, path: str, *args: Any, **kwargs: Any) -> httpcore.NetworkStream:
        raise Forbidden(path)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class _Hurried(httpcore.NetworkStream):
    """All that happens on it together has one deadline: a server that trickles holds nobody up."""

    def __init__(self, inner: httpcore.NetworkStream, until: float) -> None:
        self._inner, self._until = inner, until

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left(self._until))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _left(self._until))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Hurried(self._inner.start_tls(ssl_context, server_hostname, _left(self._until)), self._until)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("its time is over")
    return left
