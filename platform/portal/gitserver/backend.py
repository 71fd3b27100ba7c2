"""One `git http-backend` process: CGI in, CGI out, never blocked by who reads it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections import deque
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

# So much of an answer may wait for its reader; a pack being fetched then waits, a push's log is cut.
_WAITING_BYTES = 8 << 20
_HEAD_BYTES = 64 << 10
CHUNK_BYTES = 64 << 10


@dataclass(frozen=True)
class Head:
    """A CGI answer's head: an HTTP status and headers in lower case."""

    status: int
    headers: list[tuple[bytes, bytes]]


class Outbox:
    """Output between the process and its reader. `wait_for_reader` says what happens when much is waiting:
    the process waits (a fetch), or the reader loses the rest (a push, which must go on)."""

    def __init__(self, *, wait_for_reader: bool) -> None:
        self._chunks: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._changed = asyncio.Condition()
        self._ended = False
        self._discarding = False
        self._wait_for_reader = wait_for_reader

    async def put(self, chunk: bytes) -> None:
        async with self._changed:
            if self._waiting_bytes + len(chunk) > _WAITING_BYTES:
                if self._wait_for_reader:
                    await self._changed.wait_for(lambda: self._waiting_bytes == 0 or self._discarding)
                else:
                    self._discarding = True
            if not self._discarding:
                self._chunks.append(chunk)
                self._waiting_bytes += len(chunk)
                self._changed.notify_all()

    async def end(self) -> None:
        async with self._changed:
            self._ended = True
            self._changed.notify_all()

    async def discard(self) -> None:
        """The reader is gone: what comes is thrown away, so that the process is never blocked."""
        async with self._changed:
            self._discarding = True
            self._chunks.clear()
            self._waiting_bytes = 0
            self._changed.notify_all()

    async def get(self) -> bytes:
        """The next bytes; empty at the end."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._chunks or self._ended)
            if not self._chunks:
                return b""
            chunk = self._chunks.popleft()
            self._waiting_bytes -= len(chunk)
            self._changed.notify_all()
            return chunk


class Backend:
    """A running `git http-backend`. It goes on until it ends by itself, read or not."""

    def __init__(self, process: asyncio.subprocess.Process, *, wait_for_reader: bool) -> None:
        self._process = process
        self._outbox = Outbox(wait_for_reader=wait_for_reader)
        self._rest = b""
        self._refused_input = False
        self.errors = ""
        self.done = asyncio.ensure_future(self._collect())

    @classmethod
    async def start(cls, environment: Mapping[str, str], *, wait_for_reader: bool) -> Backend:
        process = await asyncio.create_subprocess_exec(
            "git",
            "http-backend",
            env=dict(environment),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            # Its own group: a Ctrl-C at the server must not end a push, and `kill` gets all of it.
            start_new_session=True,
        )
        return cls(process, wait_for_reader=wait_for_reader)

    async def write(self, data: bytes) -> None:
        """Request body. After git has refused it (it closed its input) the rest goes nowhere."""
        stdin = self._process.stdin
        # uvloop has an error of its own for a pipe that is known to be closed.
        if stdin is None or self._refused_input or stdin.is_closing():
            return
        try:
            stdin.write(data)
            await stdin.drain()
        except (BrokenPipeError, ConnectionResetError):
            self._refused_input = True

    async def end_input(self) -> None:
        stdin = self._process.stdin
        if stdin is not None:
            stdin.close()
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                await stdin.wait_closed()

    async def head(self) -> Head:
        """Raises EndedEarly if the process ended without an answer."""
        while b"\r\n\r\n" not in self._rest:
            chunk = await self._outbox.get()
            self._rest += chunk
            if not chunk or len(self._rest) > _HEAD_BYTES:
                raise EndedEarly
        head, _, self._rest = self._rest.partition(b"\r\n\r\n")
        pairs = [line.partition(b": ")[::2] for line in head.split(b"\r\n") if b": " in line]
        headers = [(name.lower(), value) for name, value in pairs]
        status = next((int(value.split()[0]) for name, value in headers if name == b"status"), 200)
        return Head(status, [(name, value) for name, value in headers if name != b"status"])

    async def body(self) -> AsyncIterator[bytes]:
        if self._rest:
            yield self._rest
            self._rest = b""
        while chunk := await self._outbox.get():
            yield chunk

    async def discard(self) -> None:
        await self._outbox.discard()

    async def kill(self) -> None:
        """End the process and all that it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        await self.discard()
        await self.done

    async def _collect(self) -> int:
        stdout, stderr = self._process.stdout, self._process.stderr
        assert stdout is not None and stderr is not None  # noqa: S101 - both were asked for
        errors = asyncio.ensure_future(_tail(stderr))
        while chunk := await stdout.read(CHUNK_BYTES):
            await self._outbox.put(chunk)
        self.errors = await errors
        status = await self._process.wait()
        await self._outbox.end()
        return status


class EndedEarly(Exception):
    """git ended before it gave an answer."""


async def _tail(stream: asyncio.StreamReader) -> str:
    kept = b""
    while chunk := await stream.read(CHUNK_BYTES):
        kept = (kept + chunk)[-2000:]
    return kept.decode("utf-8", "replace").strip()
