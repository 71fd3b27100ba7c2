"""A bare ASGI loop to compare with: `GET /` is a stream that nobody checks, `POST /` says its body to all."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import uvicorn

_readers: set[asyncio.Queue[bytes]] = set()
_HEADERS = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-store")]


async def application(scope: Any, receive: Any, send: Any) -> None:
    assert scope["type"] == "http"
    if scope["method"] == "POST":
        await _say(receive)
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})
        return
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
    waiting: asyncio.Queue[bytes] = asyncio.Queue()
    _readers.add(waiting)
    await send({"type": "http.response.body", "body": b"retry: 1000\n\n", "more_body": True})
    gone = asyncio.create_task(_gone(receive))
    try:
        while not gone.done():
            said = await waiting.get()
            await send({"type": "http.response.body", "body": said, "more_body": True})
    finally:
        _readers.discard(waiting)
        gone.cancel()


async def _say(receive: Any) -> None:
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    for waiting in _readers:
        waiting.put_nowait(body)


async def _gone(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


if __name__ == "__main__":
    uvicorn.run(
        application,
        host="127.0.0.1",
        port=int(sys.argv[1]),
        lifespan="off",
        log_level="warning",
        backlog=4096,
    )
