"""Visitors at a fixed rate from a process of their own: what failed, and the longest time without an answer.

    python -m tests.e2e.load HOST PORT RATE new|kept STOPFILE

Requests go to 127.0.0.1 only. Ends when STOPFILE exists (or after four hours) and prints one JSON line.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import uvloop

from tests.e2e.background import Background

MOST_SECONDS = 4 * 3600
ANSWER_SECONDS = 10
# Of an answer, so many are kept to tell it from others.
ANSWER_CHARACTERS = 120
# As browsers and client libraries do: well before a server closes what nobody used (Traefik: after 180 s).
IDLE_SECONDS = 30


@dataclass(frozen=True)
class LoadResult:
    """`longest_gap_ms` is the longest time between two good answers.

    `failed_at` counts failures by the minute (from the beginning) in which their requests were sent.
    """

    requests: int
    failed: int
    failures: dict[str, int]
    failed_at: dict[str, int]
    answers: dict[str, int]
    longest_gap_ms: float
    p50_ms: float
    p99_ms: float


class Load(Background[LoadResult]):
    """Visitors in the background: `with Load(...) as load: …; load.result`."""

    def __init__(self, host: str, port: int, *, rate: int = 50, mode: str = "new") -> None:
        words = (host, str(port), str(rate), mode)
        super().__init__("tests.e2e.load", words, LoadResult, patience_seconds=300)


class Visitors:
    def __init__(self, host: str, port: int, kept: bool) -> None:
        self.host, self.port, self.kept = host, port, kept
        self.began = time.monotonic()
        self.idle: list[tuple[float, asyncio.StreamReader, asyncio.StreamWriter]] = []
        self.good_at: list[float] = []
        self.took_ms: list[float] = []
        self.failures: Counter[str] = Counter()
        self.failed_at: Counter[str] = Counter()
        self.answers: Counter[str] = Counter()

    async def visit(self) -> None:
        began = time.monotonic()
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                status, body = await self._request()
        except (OSError, EOFError, TimeoutError, ValueError) as error:
            self._fail(type(error).__name__, began)
            return
        if status != 200:
            self._fail(str(status), began)
            return
        self.answers[body.strip()[:ANSWER_CHARACTERS]] += 1
        self.good_at.append(time.monotonic())
        self.took_ms.append((time.monotonic() - began) * 1000)

    def _fail(self, how: str, began: float) -> None:
        self.failures[how] += 1
        self.failed_at[f"{(began - self.began) // 60:.0f}"] += 1

    async def _connection(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """The one that was used last, if any; those that nobody used for long are closed."""
        while self.kept and self.idle:
            since, reader, writer = self.idle.pop()
            if time.monotonic() - since < IDLE_SECONDS:
                return reader, writer
            writer.close()
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def _request(self) -> tuple[int, str]:
        reader, writer = await self._connection()
        keep = "keep-alive" if self.kept else "close"
        try:
            writer.write(f"GET / HTTP/1.1\r\nHost: {self.host}\r\nConnection: {keep}\r\n\r\n".encode())
            await writer.drain()
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
            body = await _body(reader, head)
        except BaseException:
            writer.close()
            raise
        if self.kept and "connection: close" not in head:
            self.idle.append((time.monotonic(), reader, writer))
        else:
            writer.close()
        return int(head.split(" ", 2)[1]), body.decode("utf-8", "replace")


async def _body(reader: asyncio.StreamReader, head: str) -> bytes:
    if "transfer-encoding: chunked" in head:
        data = b""
        while size := int((await reader.readline()).strip() or b"0", 16):
            data += await reader.readexactly(size)
            await reader.readline()
        await reader.readline()
        return data
    for line in head.split("\r\n"):
        if line.startswith("content-length:"):
            return await reader.readexactly(int(line.split(":")[1]))
    return await reader.read()


async def run(host: str, port: int, rate: int, kept: bool, stop: Path) -> LoadResult:
    visitors = Visitors(host, port, kept)
    began, sent, under_way = time.monotonic(), 0, set[asyncio.Task[None]]()
    while not stop.exists() and time.monotonic() - began < MOST_SECONDS:
        due = int((time.monotonic() - began) * rate)
        while sent < due:
            task = asyncio.create_task(visitors.visit())
            under_way.add(task)
            task.add_done_callback(under_way.discard)
            sent += 1
        await asyncio.sleep(1 / rate)
    ended = time.monotonic()
    if under_way:
        await asyncio.wait(under_way)
    took = sorted(visitors.took_ms) or [0.0]
    moments = [began, *sorted(visitors.good_at), ended]
    return LoadResult(
        requests=sent,
        failed=sum(visitors.failures.values()),
        failures=dict(visitors.failures),
        failed_at=dict(visitors.failed_at),
        answers=dict(visitors.answers),
        longest_gap_ms=max(b - a for a, b in pairwise(moments)) * 1000,
        p50_ms=took[len(took) // 2],
        p99_ms=took[len(took) * 99 // 100],
    )


if __name__ == "__main__":
    host_, port_, rate_, mode_, stop_ = sys.argv[1:]
    # The visitors share the machine with what they visit: uvloop leaves it more of the processors.
    seen = uvloop.run(run(host_, int(port_), int(rate_), mode_ == "kept", Path(stop_)))
    print(json.dumps(seen.__dict__))
