"""Clone and fetch, and the list of refs that every push begins with too."""

from __future__ import annotations

import secrets

from portal.gitserver.address import GitRequest
from portal.gitserver.answers import Receive, Scope, Send
from portal.gitserver.backend import Backend
from portal.gitserver.directory import Target
from portal.gitserver.exchange import (
    FETCH_REQUEST_BYTES,
    ClientGone,
    TooLarge,
    backend_environment,
    damaged,
    deliver,
    feed,
    too_large,
    too_late,
)
from portal.gitserver.server import GitServer
from portal.gitserver.unpacking import Damaged
from portal.threads import disk


async def fetch(
    server: GitServer,
    scope: Scope,
    receive: Receive,
    send: Send,
    request: GitRequest,
    target: Target,
    user: str,
) -> None:
    """Serves one request; the process ends with it, as nothing is lost. Raises Busy."""
    async with server.fetching.turn(target.club):
        await disk(server.repositories.ensure, target.owner)
        environment = backend_environment(server, scope, request, target, user)
        backend = await Backend.start(environment, wait_for_reader=True)
        try:
            await feed(scope, receive, backend.write, FETCH_REQUEST_BYTES, server.settings)
            await backend.end_input()
            await deliver(server, backend, request, receive, send, reference=secrets.token_hex(8))
        except ClientGone:
            await too_late(send)
        except TooLarge:
            await too_large(send, FETCH_REQUEST_BYTES)
        except Damaged:
            await damaged(send)
        finally:
            await backend.kill()
