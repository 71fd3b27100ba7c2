"""Visitors of a drill: requests to each project at an even pace, through the ingress controller."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType

import httpx

from deployer.rollout.answer import read
from portal.drills.tally import Outcome, Tally

REQUESTS_A_SECOND = 20.0
# All projects together: a worker has half a core, and the cluster other visitors.
MOST_REQUESTS_A_SECOND = 150.0
TIMEOUT_SECONDS = 5.0
_MOST_ON_THEIR_WAY = 120


@dataclass(frozen=True)
class Target:
    """`key` names it in what `tallies` gives."""

    key: int
    hostname: str
    path: str


class Prober:
    """A thread that asks all targets from `with` on to its end; `tallies` may be read meanwhile."""

    def __init__(self, probe_url: str, targets: Sequence[Target], origin: float) -> None:
        """`origin` is the second 0 of the outcomes, by time.monotonic()."""
        self._probe_url = probe_url.rstrip("/")
        self._targets = targets
        self._origin = origin
        self._lock = threading.Lock()
        self._tallies = {target.key: Tally() for target in targets}
        self._done = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="prober", daemon=True)

    def __enter__(self) -> Prober:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()

    def move_origin(self, origin: float) -> None:
        """From here on another second is 0, and the tallies begin anew."""
        with self._lock:
            self._origin = origin
            self._tallies = {target.key: Tally() for target in self._targets}

    def tallies(
        self, *, settled_after_seconds: float = TIMEOUT_SECONDS + 1, ended: bool = False
    ) -> Mapping[int, Tally]:
        """What is complete so far; with `ended` (after the end of `with`) all of it."""
        now = time.monotonic() - self._origin
        with self._lock:
            for tally in self._tallies.values():
                if ended:
                    tally.end(now)
                else:
                    tally.settle(now - settled_after_seconds)
            return dict(self._tallies)

    async def _run(self) -> None:
        pace = min(REQUESTS_A_SECOND, MOST_REQUESTS_A_SECOND / max(1, len(self._targets)))
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=100)
        # The environment's proxies are for the world outside.
        async with httpx.AsyncClient(trust_env=False, timeout=TIMEOUT_SECONDS, limits=limits) as client:
            await asyncio.gather(*(self._visit(client, target, 1 / pace) for target in self._targets))

    async def _visit(self, client: httpx.AsyncClient, target: Target, pause: float) -> None:
        on_their_way: set[asyncio.Task[None]] = set()
        turn = time.monotonic()
        while not self._done.is_set():
            if len(on_their_way) < _MOST_ON_THEIR_WAY:
                task = asyncio.create_task(self._ask(client, target))
                on_their_way.add(task)
                task.add_done_callback(on_their_way.discard)
            # A turn that was missed is not made up for: visitors do not come in heaps.
            turn = max(turn + pause, time.monotonic() - pause)
            await asyncio.sleep(max(0.0, turn - time.monotonic()))
        if on_their_way:
            await asyncio.wait(on_their_way, timeout=TIMEOUT_SECONDS + 1)

    async def _ask(self, client: httpx.AsyncClient, target: Target) -> None:
        sent = time.monotonic()
        headers = {"Host": target.hostname, "User-Agent": "madang-drill", "Accept-Encoding": "identity"}
        try:
            # A whole request has this long, however slowly its answer drips.
            async with asyncio.timeout(TIMEOUT_SECONDS):
                async with client.stream("GET", self._probe_url + target.path, headers=headers) as response:
                    beginning = b""
                    # To its end, as a visitor would, but kept is only what tells whose answer it is.
                    async for piece in response.aiter_raw():
                        beginning = beginning or piece
            trouble = _trouble(response, beginning)
        except TimeoutError:
            trouble = "timeout"
        except httpx.TimeoutException:
            trouble = "timeout"
        except httpx.ConnectError:
            trouble = "no-connection"
        except httpx.HTTPError:
            trouble = "broken-off"
        took = time.monotonic() - sent
        with self._lock:
            self._tallies[target.key].take(Outcome(sent - self._origin, took, trouble))


def _trouble(response: httpx.Response, beginning: bytes) -> str:
    said = beginning[:200].decode("utf-8", "replace")
    answer = read(response.status_code, dict(response.headers), said)
    if not answer.live:
        return "no-route" if answer.unrouted else f"http-{response.status_code}"
    return f"http-{response.status_code}" if response.status_code >= 500 else ""
