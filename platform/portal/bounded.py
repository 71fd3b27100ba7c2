"""No request's body is longer than anybody needs: Django writes it to the disk before it looks at it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Any, Receive, Send], Awaitable[None]]

# Forms and the API stop at 2.5 MB by themselves, the reports of interruptions at 2 MiB.
MOST_BYTES = 8 << 20
_REFUSAL = b"The request is too large. Send less at once.\n"


class Bounded:
    """ASGI: 413 for a longer one, at once if its length was announced."""

    def __init__(self, application: Application, most_bytes: int = MOST_BYTES) -> None:
        self._application = application
        self._most_bytes = most_bytes

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._application(scope, receive, send)
        elif _announced_bytes(scope) > self._most_bytes:
            await _refuse(send)
        else:
            await self._counted(scope, receive, send)

    async def _counted(self, scope: Any, receive: Receive, send: Send) -> None:
        count, started = 0, False

        async def take() -> Message:
            """To the application a client that sends too much is one that is gone."""
            nonlocal count
            message = await receive()
            count += len(message.get("body", b""))
            return message if count <= self._most_bytes else {"type": "http.disconnect"}

        async def give(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        await self._application(scope, take, give)
        if count > self._most_bytes and not started:
            await _refuse(send)


def _announced_bytes(scope: Any) -> int:
    text = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
    # What is no number the server has refused already.
    return int(text) if text.isdigit() else 0


async def _refuse(send: Send) -> None:
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(_REFUSAL)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": _REFUSAL})
