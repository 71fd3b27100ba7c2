"""ASGI: the same answer to every path and method of a host, and nothing else of the portal behind it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.http.request import split_domain_port

from portal.absence.look import Look
from portal.absence.page import reply
from portal.environment import environment


class Absent:
    """Neither path, body nor cookies are read. Who wants a websocket gets the answer in its place."""

    def __init__(self, look: Look | None = None) -> None:
        self._look = look or Look()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        given = _first(scope["headers"])
        kind = await self._look.at(subdomain(given.get(b"host", "")))
        made = reply(kind, given.get(b"accept", "*/*"), given.get(b"accept-language", ""))
        message = "websocket.http.response" if scope["type"] == "websocket" else "http.response"
        await send({"type": f"{message}.start", "status": made.status, "headers": made.headers})
        await send({"type": f"{message}.body", "body": made.body})


def subdomain(host: str) -> str | None:
    """The name in front of the apps' domain, if the host is one such name and that domain."""
    name, _port = split_domain_port(host)
    domain = urlsplit(environment().app_url.format(subdomain="x")).hostname or ""
    found, dot, rest = name.partition(".")
    return found if dot + rest == domain.removeprefix("x") else None


def _first(headers: Any) -> dict[bytes, str]:
    found: dict[bytes, str] = {}
    for name, value in headers:
        found.setdefault(name, value.decode("latin-1"))
    return found
