"""Visitors who stay: requests that take a minute, and websockets that talk once a second.

    python -m tests.e2e.staying HOST PORT long|socket STOPFILE

Requests go to 127.0.0.1 only. Ends when STOPFILE exists (or after three hours) and prints one JSON line.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.e2e.background import Background

MOST_SECONDS = 3 * 3600
LONG_SECONDS = 60
EVERY_SECONDS = 5
SOCKETS = 3
AGAIN_SECONDS = 0.2


@dataclass
class StayResult:
    """Of `long`: requests that ended with their answer, and those that did not.

    Of `socket`: messages and those without an echo; `ended` counts connections by how the server ended them;
    `longest_silence_ms` is the longest time from a message to its echo, new connections included.
    """

    visits: int = 0
    failed: int = 0
    failures: dict[str, int] = field(default_factory=dict)
    ended: dict[str, int] = field(default_factory=dict)
    longest_silence_ms: float = 0.0


class Staying(Background[StayResult]):
    """Such visitors in the background: `with Staying(...) as stay: …; stay.result`."""

    def __init__(self, host: str, port: int, mode: str) -> None:
        words = (host, str(port), mode)
        super().__init__("tests.e2e.staying", words, StayResult, patience_seconds=5 * LONG_SECONDS)


async def long_requests(host: str, port: int, stop: Path) -> StayResult:
    """One more every few seconds; each is waited for to its end."""
    result, failures, under_way = StayResult(), Counter[str](), set[asyncio.Task[None]]()

    async def visit() -> None:
        result.visits += 1
        try:
            async with httpx.AsyncClient(trust_env=False, timeout=LONG_SECONDS + 30) as client:
                url = f"http://127.0.0.1:{port}/slow?seconds={LONG_SECONDS}"
                answer = await client.get(url, headers={"Host": host})
            if answer.status_code == 200:
                return
            failures[str(answer.status_code)] += 1
        except httpx.HTTPError as error:
            failures[type(error).__name__] += 1

    async for _ in turns(stop, EVERY_SECONDS):
        task = asyncio.create_task(visit())
        under_way.add(task)
        task.add_done_callback(under_way.discard)
    if under_way:
        await asyncio.wait(under_way)
    result.failed, result.failures = sum(failures.values()), dict(failures)
    return result


async def sockets(host: str, port: int, stop: Path) -> StayResult:
    result, failures, ended = StayResult(), Counter[str](), Counter[str]()

    async def talk() -> None:
        said_at: float | None = None
        while not stop.exists():
            try:
                # The name goes into Host; the address is this machine's own.
                url = f"ws://{host}:{port}/talk"
                async with connect(url, host="127.0.0.1", port=port, proxy=None) as socket:
                    while not stop.exists():
                        said_at = said_at or time.monotonic()
                        await socket.send("hello")
                        result.visits += 1
                        async with asyncio.timeout(10):
                            await socket.recv()
                        silence = (time.monotonic() - said_at) * 1000
                        result.longest_silence_ms = max(result.longest_silence_ms, silence)
                        said_at = None
                        await asyncio.sleep(1)
            except ConnectionClosed as error:
                code = error.rcvd.code if error.rcvd else 0
                ended[f"{code}" if code else "cut off"] += 1
                if not code:
                    failures["cut off"] += 1
            except (OSError, TimeoutError, InvalidStatus) as error:
                failures[type(error).__name__] += 1
            await asyncio.sleep(AGAIN_SECONDS)

    await asyncio.gather(*(talk() for _ in range(SOCKETS)))
    result.failed, result.failures, result.ended = sum(failures.values()), dict(failures), dict(ended)
    return result


async def turns(stop: Path, every_seconds: float):  # type: ignore[no-untyped-def]
    began = due = time.monotonic()
    while not stop.exists() and time.monotonic() - began < MOST_SECONDS:
        if time.monotonic() >= due:
            due += every_seconds
            yield
        await asyncio.sleep(0.1)


if __name__ == "__main__":
    host_, port_, mode_, stop_ = sys.argv[1:]
    run = long_requests if mode_ == "long" else sockets
    print(json.dumps(asdict(asyncio.run(run(host_, int(port_), Path(stop_))))))
