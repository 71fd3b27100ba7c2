"""The process: start, the signal to end, and an end that leaves every pusher with a clear word."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from types import FrameType

from portal.environment import environment
from portal.gitserver.answers import Receive, Scope, Send
from portal.gitserver.application import Requests
from portal.gitserver.hookserver import start_hook_server
from portal.gitserver.housekeeping import clear_leftovers, keep_house
from portal.gitserver.server import GitServer
from portal.gitserver.settings import git_settings
from portal.threads import disk

logger = logging.getLogger(__name__)


class Application:
    """ASGI with lifespan."""

    def __init__(self) -> None:
        self._requests: Requests | None = None
        use_our_logging()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http" and self._requests is not None:
            await self._requests(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            environment().require_secrets()
            server = GitServer.prepare(environment().repositories, git_settings())
        except Exception as error:
            await send({"type": "lifespan.startup.failed", "message": f"{type(error).__name__}: {error}"})
            return
        hooks = await start_hook_server(server)
        await disk(clear_leftovers, server.repositories)
        house = asyncio.create_task(keep_house(server))
        heed_signals(server.closing)
        self._requests = Requests(server)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        server.closing.set()
        await end(server, hooks, house)
        await send({"type": "lifespan.shutdown.complete"})


def heed_signals(closing: asyncio.Event) -> None:
    """Sets `closing` at once on SIGTERM and SIGINT.

    uvicorn tells an application only after all its requests have ended; the pushes among them end because
    they are told. Its own handlers are called too.
    """
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        earlier = signal.getsignal(number)

        def heed(received: int, frame: FrameType | None, earlier: object = earlier) -> None:
            loop.call_soon_threadsafe(closing.set)
            if callable(earlier):
                earlier(received, frame)

        signal.signal(number, heed)


async def end(server: GitServer, hooks: asyncio.Server, house: asyncio.Task[None]) -> None:
    """Pushes whose client is gone were told to end as well; bounded."""
    house.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await house
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(server.pushes.all_ended(), server.settings.goodbye_seconds)
    left = set(server.tasks)
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
    hooks.close()
    server.remove_runtime()


def use_our_logging() -> None:
    """uvicorn's own lines become JSON like all others; its access log would tell each request twice."""
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    logging.getLogger("uvicorn.access").setLevel(logging.WARNING)
    logging.getLogger("uvicorn.error").addFilter(_without_colours)


def _without_colours(record: logging.LogRecord) -> bool:
    vars(record).pop("color_message", None)
    return True
