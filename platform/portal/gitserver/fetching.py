"""Clone and fetch, and the list of refs that every push begins with too."""

from __future__ import annotations

import contextlib
import secrets
from dataclasses import replace

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
from portal.gitserver.reader import Reader, SentAway
from portal.gitserver.unpacking import Damaged
from portal.threads import disk


async def fetch(exchange: Exchange) -> None:
    """Serves one request; the process ends with it, as nothing is lost. Raises Busy.

    Its turn is for git's work, and for clients that take the answer as it comes (`reader`).
    """
    server, target = exchange.server, exchange.target
    async with server.fetching.turn(target.club) as give_turn_back:
        reader = Reader(exchange, give_turn_back)
        await disk(server.repositories.ensure, target.owner)
        backend = await Backend.start(backend_environment(exchange), wait_for_reader=True)
        try:
            await feed(exchange, backend.write, FETCH_REQUEST_BYTES)
            await backend.end_input()
            with contextlib.suppress(SentAway):
                await deliver(replace(exchange, send=reader), backend, reference=secrets.token_hex(8))
        except ClientGone:
            await too_late(exchange.send)
        except TooLarge:
            await too_large(exchange.send, FETCH_REQUEST_BYTES)
        except Damaged:
            await damaged(exchange.send)
        finally:
            reader.get_up()
            await backend.kill()
