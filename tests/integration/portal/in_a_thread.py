"""A server of asyncio in a thread of its own, while a test runs."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

Visit = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextmanager
def serving(visit: Visit, address: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """Gives the port. What is on its way at the end is cancelled."""
    started, ports = threading.Event(), list[int]()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        server = await asyncio.start_server(visit, address, 0, ssl=tls)
        ports.append(server.sockets[0].getsockname()[1])

    def run() -> None:
        loop.run_until_complete(serve())
        # Not before: a stop that came meanwhile would end that run, and the one for good would never end.
        loop.call_soon(started.set)
        loop.run_forever()
        loop.run_until_complete(end(asyncio.all_tasks(loop)))

    async def end(left: set[asyncio.Task[None]]) -> None:
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert started.wait(300)
    try:
        yield ports[0]
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
