"""Asks many addresses through the ingress controller, a few at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import httpx

from deployer.rollout.answer import Answer, read

AT_ONCE = 32
TIMEOUT_SECONDS = 5.0
# Of an answer no more is read than tells the controller's own 404 from an app's.
_READ_BYTES = 2048


async def ask_all(probe_url: str, hostnames: Mapping[int, str], timeout_seconds: float) -> dict[int, Answer]:
    """GET / of each host name from the controller at `probe_url`, as a visitor would. Never raises."""
    gate = asyncio.Semaphore(AT_ONCE)
    limits = httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE)
    # The environment's proxies are for the world outside.
    async with httpx.AsyncClient(trust_env=False, timeout=timeout_seconds, limits=limits) as client:

        async def ask(hostname: str) -> Answer:
            async with gate:
                return await _ask(client, probe_url, hostname, timeout_seconds)

        found = await asyncio.gather(*(ask(hostname) for hostname in hostnames.values()))
    return dict(zip(hostnames, found, strict=True))


async def _ask(client: httpx.AsyncClient, probe_url: str, hostname: str, timeout_seconds: float) -> Answer:
    headers = {"Host": hostname, "User-Agent": "madang-probe"}
    head: httpx.Response | None = None
    body, error = b"", ""
    try:
        # httpx counts each wait anew: an app that trickles would hold the round up for ever.
        async with asyncio.timeout(timeout_seconds):
            async with client.stream("GET", f"{probe_url.rstrip('/')}/", headers=headers) as head:
                async for piece in head.aiter_raw(_READ_BYTES):
                    body = piece
                    break
    except TimeoutError:
        error = f"ReadTimeout: no answer within {timeout_seconds:g} s"
    except (httpx.HTTPError, httpx.InvalidURL) as trouble:
        error = f"{type(trouble).__name__}: {trouble}"
    if head is None:
        return Answer(None, False, error)
    # Once the answer's head has come, a page that goes on for long is no failure.
    return read(head.status_code, dict(head.headers), body[:200].decode("utf-8", "replace"))
