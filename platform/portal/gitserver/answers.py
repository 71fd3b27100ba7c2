"""Whole HTTP answers of the git server. git shows a text/plain body as "remote: …"."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from deployer.errors import Explanation
from portal.languages import active
from portal.translating import explained

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = Iterable[tuple[bytes, bytes]]

# Refs and packs change under the same address.
NEVER_CACHED: tuple[tuple[bytes, bytes], ...] = ((b"cache-control", b"no-cache, no-store"),)


async def answer(send: Send, status: int, text: str, headers: Headers = ()) -> None:
    """The text as it is, which is in the language that is active."""
    body = text.rstrip("\n").encode() + b"\n"
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [
                (b"content-type", b"text/plain; charset=utf-8"),
                (b"content-length", str(len(body)).encode()),
                (b"content-language", active().encode()),
                (b"vary", b"accept-language"),
                *NEVER_CACHED,
                *headers,
            ],
        }
    )
    await send({"type": "http.response.body", "body": body})


async def refuse(send: Send, status: int, explanation: Explanation, headers: Headers = ()) -> None:
    await answer(send, status, "\n".join(explained(explanation).lines()), headers)


def busy() -> Explanation:
    return Explanation("busy", "Many pushes are going on at this moment.", "", "Try again in a minute.")


def header(scope: Scope, name: bytes) -> str:
    """A request header's value, or an empty string."""
    return next((bytes(value).decode("latin-1") for key, value in scope["headers"] if key == name), "")
