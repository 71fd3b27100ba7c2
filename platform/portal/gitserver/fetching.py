"""Clone and fetch, and the list of refs that every push begins with too."""

from __future__ import annotations

import secrets

from portal.gitserver.backend import Backend
from portal.gitserver.exchange import (
    FETCH_REQUEST_BYTES,
    ClientGone,
    Exchange,
    TooLarge,
    backend_environment,
    damaged,
    deliver,
    feed,
    too_large,
    too_late,
)
from portal.gitserver.unpacking import Damaged
from portal.threads import disk


async def fetch(exchange: Exchange) -> None:
    """Serves one request; the process ends with it, as nothing is lost. Raises Busy."""
    server, target = exchange.server, exchange.target
    async with server.fetching.turn(target.club):
        await disk(server.repositories.ensure, target.owner)
        backend = await Backend.start(backend_environment(exchange), wait_for_reader=True)
        try:
            await feed(exchange, backend.write, FETCH_REQUEST_BYTES)
            await backend.end_input()
            await deliver(exchange, backend, reference=secrets.token_hex(8))
        except ClientGone:
            await too_late(exchange.send)
        except TooLarge:
            await too_large(exchange.send, FETCH_REQUEST_BYTES)
        except Damaged:
            await damaged(exchange.send)
        finally:
            await backend.kill()
