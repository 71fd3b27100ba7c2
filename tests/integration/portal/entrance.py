"""A real HTTP server in the place of the ingress controller: each host name answers as a test has told."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

MARK = "X-Served-By: madang\r\n"


@dataclass
class Entrance:
    """`answers` by host name: raw HTTP; "" is silence, a name that is not there is the controller's 404."""

    port: int = 0
    answers: dict[str, str] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def serve(self, hostname: str, status: int, body: str = "hello", mark: str = MARK) -> None:
        self.answers[hostname] = (
            f"HTTP/1.1 {status} X\r\n{mark}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}"
        )

    async def visit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        host = next(line[6:] for line in head.splitlines() if line.lower().startswith("host: "))
        self.asked[host] += 1
        answer = self.answers.get(host)
        if answer is None:
            body = "404 page not found"
            answer = f"HTTP/1.1 404 X\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}"
        if answer == "":
            await asyncio.sleep(60)
        writer.write(answer.encode())
        writer.close()


@contextmanager
def running_entrance() -> Iterator[Entrance]:
    entrance, started = Entrance(), threading.Event()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        server = await asyncio.start_server(entrance.visit, "127.0.0.1", 0)
        entrance.port = server.sockets[0].getsockname()[1]
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
        yield entrance
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
