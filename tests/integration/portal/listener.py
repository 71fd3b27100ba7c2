"""A real server for what is sent out: raw HTTP, on every address of this machine's loopback."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Heard:
    """One request; `at` is the address that it came to."""

    at: str
    head: str
    body: bytes

    def header(self, name: str) -> str:
        found = [line.partition(": ")[2] for line in self.head.splitlines() if line.lower().startswith(name)]
        return found[0] if found else ""


@dataclass
class Listener:
    """Answers with `status`, `headers` and `text`; with `trickle`, one byte after the other without end."""

    port: int = 0
    status: int = 200
    headers: str = ""
    text: bytes = b"ok"
    trickle: bool = False
    heard: list[Heard] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            lengths = [
                int(line[15:]) for line in head.splitlines() if line.lower().startswith("content-length")
            ]
            body = await reader.readexactly(lengths[0] if lengths else 0)
            self.heard.append(Heard(writer.get_extra_info("sockname")[0], head, body))
            while self.trickle:
                writer.write(b"H")
                await writer.drain()
                await asyncio.sleep(0.05)
            answer = f"HTTP/1.1 {self.status} X\r\n{self.headers}Content-Length: {len(self.text)}\r\n\r\n"
            writer.write(answer.encode() + self.text)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@contextmanager
def listening(tls: ssl.SSLContext | None = None) -> Iterator[Listener]:
    listener, started = Listener(), threading.Event()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        # Of all of 127.0.0.0/8: which of its addresses is taken is what a test looks at.
        server = await asyncio.start_server(listener.serve, "0.0.0.0", 0, ssl=tls)  # noqa: S104
        listener.port = server.sockets[0].getsockname()[1]
        started.set()

    def run() -> None:
        loop.run_until_complete(serve())
        loop.run_forever()
        loop.run_until_complete(end(asyncio.all_tasks(loop)))

    async def end(left: set[asyncio.Task[None]]) -> None:
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert started.wait(30)
    try:
        yield listener
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
