"""Whose word on a visitor's address is believed: the ingress controller's, on a port it alone reaches."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any

Network = IPv4Network | IPv6Network
Scope = MutableMapping[str, Any]
Application = Callable[[Scope, Any, Any], Awaitable[None]]


class FromIngress:
    """ASGI: requests on `port` come from whom X-Forwarded-For names, with X-Forwarded-Proto's scheme.

    On every other port these headers are a stranger's and count for nothing (docs/adr/0008). `proxies` are
    networks of load balancers in front of the ingress controller.
    """

    def __init__(self, application: Application, port: int | None, proxies: Sequence[Network] = ()) -> None:
        self._application = application
        self._port = port
        self._proxies = proxies

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and _came_by(self._port, scope):
            scope = {**scope, **self._told(scope)}
        await self._application(scope, receive, send)

    def _told(self, scope: Scope) -> dict[str, Any]:
        told: dict[str, Any] = {}
        if address := visitor(_values(scope, b"x-forwarded-for"), self._proxies):
            told["client"] = (address, 0)
        schemes = _values(scope, b"x-forwarded-proto")
        if schemes and schemes[-1] in {"http", "https"}:
            told["scheme"] = schemes[-1]
        return told


class ByPort:
    """ASGI: whoever comes by `port` gets `inside` and nothing else, whatever host and path they name."""

    def __init__(self, port: int, inside: Application, elsewhere: Application) -> None:
        self._port, self._inside, self._elsewhere = port, inside, elsewhere

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        chosen = self._inside if _came_by(self._port, scope) else self._elsewhere
        await chosen(scope, receive, send)


def visitor(forwarded: Sequence[str], proxies: Iterable[Network] = ()) -> str | None:
    """The last address that is none of the proxies': what stands before it the visitor may have written.

    None if there is none that can be read.
    """
    nearest = None
    for text in reversed(forwarded):
        address = _address(text)
        if address is None:
            break
        nearest = str(address)
        if not any(address in network for network in proxies):
            break
    return nearest


def _came_by(port: int | None, scope: Scope) -> bool:
    """A lifespan comes by none."""
    server: tuple[str, int] | None = scope.get("server")
    return server is not None and server[1] == port


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """Some proxies write the port too: 192.0.2.1:4711, [2001:db8::1]:4711."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return ip_address(text)
    except ValueError:
        return None


def _values(scope: Scope, name: bytes) -> list[str]:
    """A header may come several times, each a list."""
    lists = [value.decode("latin-1") for key, value in scope["headers"] if key == name]
    return [part.strip() for part in ",".join(lists).split(",")] if lists else []
