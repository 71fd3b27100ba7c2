"""The client that a fetch's answer goes to, which may be a laptop on a school's wireless."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, MutableMapping
from typing import Any

from deployer.errors import Explanation
from portal.gitserver.exchange import Exchange, log_context
from portal.gitserver.seats import Seat
from portal.gitserver.sideband import Packets, explanation_packet

logger = logging.getLogger(__name__)


class SentAway(Exception):
    """Others got the client's seat; it was told so and gets no more of its answer."""


class Reader:
    """`send` of a fetch.

    A client that takes its time is never cut off for that alone: once the answer has waited for it for
    `slow_fetch_seconds` in all, it gives its turn back and goes on in a seat. Only a seat that others need
    (`seats`) is lost, and that is said between two packets of git's.
    """

    def __init__(self, exchange: Exchange, give_turn_back: Callable[[], None]) -> None:
        self._exchange = exchange
        self._settings = exchange.server.settings
        self._give_turn_back = give_turn_back
        self._left_seconds = self._settings.slow_fetch_seconds
        self._seat: Seat | None = None
        self._must_leave = False
        self._under_way: asyncio.Timeout | None = None
        self._packets = Packets()

    async def __call__(self, message: MutableMapping[str, Any]) -> None:
        """Raises SentAway, and TimeoutError for a client that does not even take that."""
        if message["type"] == "http.response.body":
            more = message.get("more_body", False)
            if more and self._must_leave:
                await self._say_goodbye()
                raise SentAway
            whole = b"".join(self._packets.feed(message.get("body", b"")))
            message = {**message, "body": whole if more else whole + self._packets.end()}
        await self._send(message)

    def get_up(self) -> None:
        """At the end of the fetch, however it came."""
        if self._seat is not None:
            self._exchange.server.slow.give_back(self._seat)

    async def _send(self, message: MutableMapping[str, Any]) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        slow = loop.call_later(self._left_seconds, self._sit_down) if self._seat is None else None
        try:
            async with asyncio.timeout(None) as self._under_way:
                await self._exchange.send(message)
        finally:
            self._under_way = None
            self._left_seconds -= loop.time() - began
            if slow is not None:
                slow.cancel()

    def _sit_down(self) -> None:
        self._seat = Seat(self._exchange.target.club, self._leave)
        self._give_turn_back()
        self._exchange.server.slow.take(self._seat)

    def _leave(self) -> None:
        self._must_leave = True
        context = log_context(self._exchange.request, self._exchange.principal.name)
        logger.info("a slow fetch lost its seat", extra=dict(context))
        if self._under_way is not None:
            self._under_way.reschedule(asyncio.get_running_loop().time() + self._settings.goodbye_seconds)

    async def _say_goodbye(self) -> None:
        if not self._packets.banded:
            return
        text = explanation_packet(too_many_slow())
        async with asyncio.timeout(self._settings.goodbye_seconds):
            await self._exchange.send({"type": "http.response.body", "body": text, "more_body": False})


def too_many_slow() -> Explanation:
    return Explanation(
        "too-many-slow",
        "Too many clones and fetches over slow connections are going on: this one was ended.",
        "",
        "Try again in a few minutes. Without the history it is quicker:  git clone --depth 1 ADDRESS",
    )
