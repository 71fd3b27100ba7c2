"""A real HTTP server in the place of the ingress controller: each host name answers as a test has told."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.integration.portal.in_a_thread import serving

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
            await asyncio.sleep(3600)
        writer.write(answer.encode())
        writer.close()


@contextmanager
def running_entrance() -> Iterator[Entrance]:
    entrance = Entrance()
    with serving(entrance.visit) as entrance.port:
        yield entrance
