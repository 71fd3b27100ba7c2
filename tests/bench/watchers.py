"""`make bench-watchers`: many people watch one log on one portal process, beside a bare ASGI loop.

Both are served by uvicorn and send the same bytes to the same watchers in one run. The portal also checks who
asks, reads the lines from PostgreSQL, and can go on from any line.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import socket
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median

from tests.integration.conftest import FOLDER, PLATFORM_ENVIRONMENT, REDIS_PORT
from tests.integration.postgres import running_postgres
from tests.integration.redis_server import free_port, running_redis
from tests.proof import Proof

WATCHERS = 2000
ROUNDS = 12
LINES = 10
MEMORY_GOAL, FAN_OUT_GOAL = 4.0, 3.0
PATIENCE_SECONDS = 300


@dataclass
class Round:
    """When each watcher had the round's last line, by this process's clock."""

    mark: bytes
    wanted: int
    seen: list[float] = field(default_factory=list)
    all: asyncio.Event = field(default_factory=asyncio.Event)

    def hears(self) -> None:
        self.seen.append(time.perf_counter())
        if len(self.seen) == self.wanted:
            self.all.set()


@dataclass(frozen=True)
class Measured:
    """Of one server: bytes a watcher, and of each round the seconds from the first watcher to the last, and
    the processor's seconds."""

    memory_bytes: float
    spread_seconds: list[float]
    cpu_seconds: list[float]


class Watcher(asyncio.Protocol):
    """Reads a stream as cheaply as may be."""

    def __init__(self, request: bytes, opened: Callable[[], None]) -> None:
        self._request, self._opened = request, opened
        self._rest = b""
        self._begun = False
        self.round: Round | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        transport.write(self._request)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        if not self._begun:
            assert data.startswith(b"HTTP/1.1 200"), data[:200]
            self._begun = True
            self._opened()
        whole = self._rest + data
        if self.round is not None and self.round.mark in whole:
            found, self.round = self.round, None
            found.hears()
        self._rest = whole[-64:]


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench-watchers", description=__doc__)
    parser.add_argument("--watchers", type=int, default=WATCHERS, help="how many (%(default)s)")
    watchers = parser.parse_args().watchers
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    proof = Proof("bench-watchers")
    with ExitStack() as stack:
        stack.enter_context(running_postgres(FOLDER))
        stack.enter_context(running_redis(REDIS_PORT))
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        logs = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        bare = _bare(watchers, logs)
        portal = _portal(watchers, logs)
    _judge(proof, watchers, portal, bare)
    return 0 if proof.finish() else 1


def _bare(watchers: int, logs: Path) -> Measured:
    from tests.integration.portal.processes import Process, eventually

    port = free_port()
    process = Process([sys.executable, "-m", "tests.bench.bare", str(port)], {}, logs / "bare.log")
    try:
        eventually(lambda: _listens(port), "a bare loop that listens")
        return asyncio.run(_measure(port, "/", {}, process.pid, watchers, lambda text: _post(port, text)))
    finally:
        process.kill()


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


def _portal(watchers: int, logs: Path) -> Measured:
    from asgiref.sync import sync_to_async
    from django.conf import settings
    from portal.builds import log

    from tests.integration.portal.processes import Portal
    from tests.integration.portal.scene import push, some_project
    from tests.integration.portal.visitors import visit

    build = push(some_project())
    cookie = visit(build.project.club).cookies[settings.SESSION_COOKIE_NAME]
    process = Portal(PLATFORM_ENVIRONMENT, logs / "portal.log")
    path = f"/clubs/{build.project.club.slug}/{build.project.slug}/streams/{build.stream_id}/events"
    headers = {"Host": "madang.localhost:8000", "Cookie": f"{cookie.key}={cookie.value}"}

    async def say(texts: list[str]) -> None:
        await sync_to_async(log.say)(build.stream_id, *texts, kind="build")

    try:
        return asyncio.run(_measure(process.port, path, headers, process.pid, watchers, say))
    finally:
        process.kill()


async def _measure(
    port: int,
    path: str,
    headers: dict[str, str],
    pid: int,
    watchers: int,
    say: Callable[[list[str]], Awaitable[None]],
) -> Measured:
    warm = await _open(port, path, headers, 20)
    await _round(warm, 0, pid, say)
    before = _memory_bytes(pid)
    more = await _open(port, path, headers, watchers)
    everyone = warm + more
    rounds = [await _round(everyone, number, pid, say) for number in range(1, ROUNDS + 1)]
    memory = (_memory_bytes(pid) - before) / watchers
    for watcher in everyone:
        watcher.transport.close()
    return Measured(memory, [spread for spread, _ in rounds], [cpu for _, cpu in rounds])


async def _open(port: int, path: str, headers: dict[str, str], count: int) -> list[Watcher]:
    """Opens in small groups, as the machine's queue of connections is short."""
    loop = asyncio.get_running_loop()
    words = {"Host": "localhost", **headers}
    request = f"GET {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in words.items())
    found: list[Watcher] = []
    while len(found) < count:
        group = min(50, count - len(found))
        opened = asyncio.Semaphore(0)
        for _ in range(group):
            _, watcher = await loop.create_connection(
                partial(Watcher, f"{request}\r\n".encode(), opened.release), "127.0.0.1", port
            )
            found.append(watcher)
        for _ in range(group):
            await asyncio.wait_for(opened.acquire(), PATIENCE_SECONDS)
    return found


async def _round(
    watchers: list[Watcher], number: int, pid: int, say: Callable[[list[str]], Awaitable[None]]
) -> tuple[float, float]:
    """Says some lines; gives the spread over the watchers, and the server's processor time until then."""
    mark = f"mark-{number}-end"
    present = Round(mark.encode(), len(watchers))
    for watcher in watchers:
        watcher.round = present
    cpu = _cpu_seconds(pid)
    await say(
        [f"Step {number}.{line}: a line as long as most lines of builds are" for line in range(LINES)]
        + [mark]
    )
    await asyncio.wait_for(present.all.wait(), PATIENCE_SECONDS)
    return max(present.seen) - min(present.seen), _cpu_seconds(pid) - cpu


async def _post(port: int, texts: list[str]) -> None:
    """The same event as the portal's, made here."""
    from portal.web.pages.project.ansi import parts
    from portal.web.sse import event

    rows = [[number, "2026-01-01T00:00:00+00:00", "build", parts(text)] for number, text in enumerate(texts)]
    body = event(rows, name="lines", id="1")
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    await reader.readline()
    writer.close()


def _memory_bytes(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) << 10
    raise AssertionError("no VmRSS")


def _cpu_seconds(pid: int) -> float:
    """Of all threads, as the scheduler counts it (nanoseconds, where /proc/PID/stat has hundredths)."""
    threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9


def _judge(proof: Proof, watchers: int, portal: Measured, bare: Measured) -> None:
    memory = portal.memory_bytes / bare.memory_bytes
    proof.add(
        "memory of a watcher, beside a bare loop's",
        goal=f"≤ {MEMORY_GOAL:g}",
        value=round(memory, 2),
        unit="x",
        holds=memory <= MEMORY_GOAL,
        evidence=f"{watchers} watchers: {_kib(portal)} and {_kib(bare)} KiB each",
    )
    spread = median(portal.spread_seconds) / median(bare.spread_seconds)
    proof.add(
        "from the first watcher's line to the last's, beside a bare loop's",
        goal=f"≤ {FAN_OUT_GOAL:g}",
        value=round(spread, 2),
        unit="x",
        holds=spread <= FAN_OUT_GOAL,
        evidence=f"median of {ROUNDS}: {_ms(portal.spread_seconds)} and {_ms(bare.spread_seconds)} ms; "
        f"processor {_ms(portal.cpu_seconds)} and {_ms(bare.cpu_seconds)} ms a round",
    )


def _kib(measured: Measured) -> str:
    return f"{measured.memory_bytes / 1024:.1f}"


def _ms(seconds: list[float]) -> str:
    return f"{median(seconds) * 1000:.0f}"


if __name__ == "__main__":
    sys.exit(main())
