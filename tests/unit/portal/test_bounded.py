"""How long a request's body may be."""

from __future__ import annotations

from typing import Any

import pytest
from portal.bounded import Bounded

SCOPE = {"type": "http", "headers": []}


class Exchange:
    """A client that sends these parts, and what it got; `read` is how much the application saw."""

    def __init__(self, *parts: bytes) -> None:
        self._parts = list(parts)
        self.sent: list[Any] = []
        self.read = 0

    async def receive(self) -> dict[str, Any]:
        body = self._parts.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(self._parts)}

    async def send(self, message: Any) -> None:
        self.sent.append(message)

    async def application(self, scope: Any, receive: Any, send: Any) -> None:
        """Reads all as Django does, then answers; one whose client is gone answers nothing."""
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            self.read += len(message["body"])
            if not message["more_body"]:
                break
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def status(self, scope: dict[str, Any]) -> int:
        await Bounded(self.application, most_bytes=10)(scope, self.receive, self.send)
        return int(self.sent[0]["status"])


@pytest.mark.parametrize("parts", [(b"",), (b"0123456789",), (b"01234", b"56789", b"")])
async def test_a_body_within_the_bound_is_read_whole(parts: tuple[bytes, ...]) -> None:
    exchange = Exchange(*parts)
    assert await exchange.status(SCOPE) == 200
    assert exchange.read == len(b"".join(parts))


async def test_one_that_grows_beyond_it_is_cut_off_and_told() -> None:
    exchange = Exchange(b"01234", b"56789", b"x", b"y" * 1000)
    assert await exchange.status(SCOPE) == 413
    assert exchange.read == 10
    assert b"too large" in exchange.sent[1]["body"]


async def test_one_that_is_announced_is_not_read_at_all() -> None:
    exchange = Exchange(b"x" * 11)
    assert await exchange.status({**SCOPE, "headers": [(b"content-length", b"11")]}) == 413
    assert exchange.read == 0
