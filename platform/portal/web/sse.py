"""Server-sent events: their form, and an answer made of them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from functools import partial

from django.http import HttpRequest, StreamingHttpResponse

from portal.rechecking import while_allowed
from portal.web.gate import still_admits
from portal.web.request import PageRequest

# Nothing for so long, and something on the way may take the connection for dead.
HEARTBEAT_SECONDS = 10.0
# Then the browser comes again by itself and goes on where it was.
LIFE_SECONDS = 900.0
HEARTBEAT = b": still here\n\n"


def event(data: object, *, name: str = "", id: str = "") -> bytes:
    """One event; `data` becomes JSON, which has no line breaks of its own."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return framed(text.encode(), name=name, id=id)


def framed(data: bytes, *, name: str = "", id: str = "") -> bytes:
    """One event of any text, a `data:` line for each of its lines."""
    head = (f"id: {id}\n" if id else "") + (f"event: {name}\n" if name else "")
    return head.encode() + b"".join(b"data: %b\n" % line for line in data.splitlines() or [b""]) + b"\n"


def last_event_id(request: HttpRequest) -> str:
    """What the browser saw last, if it comes again; else what the page's address says it shows already."""
    return request.headers.get("Last-Event-ID") or request.GET.get("after", "")


def last_sequence(request: HttpRequest) -> int:
    """The same where ids are numbers that grow; 0 for what is none."""
    given = last_event_id(request)
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 19 else 0


def event_stream(request: PageRequest, events: AsyncGenerator[bytes]) -> StreamingHttpResponse:
    """Streams the events as they come, as long as the gate would let the request in again; nothing on the way
    shall keep or collect them."""
    return StreamingHttpResponse(
        _for_its_life(while_allowed(events, partial(still_admits, request))),
        content_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _for_its_life(events: AsyncGenerator[bytes]) -> AsyncIterator[bytes]:
    """Asks for the next event only once this one is sent: a slow reader holds up nobody but itself."""
    until = asyncio.get_running_loop().time() + LIFE_SECONDS
    async with aclosing(events):
        yield b"retry: 1000\n\n"
        async for each in events:
            yield each
            if asyncio.get_running_loop().time() > until:
                return
