"""A real server for what is sent out: raw HTTP, on every address of this machine's loopback."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.integration.portal.in_a_thread import serving


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
    listener = Listener()
    # Of all of 127.0.0.0/8: which of its addresses is taken is what a test looks at.
    with serving(listener.serve, "0.0.0.0", tls) as listener.port:  # noqa: S104
        yield listener
