"""A push's pack: taken in while its client is there, then carried to its end whether it stays or not."""

from __future__ import annotations

import asyncio
import contextlib
import logging

from django.db import DatabaseError

from portal.gitserver.answers import refuse
from portal.gitserver.backend import Backend
from portal.gitserver.exchange import (
    SWALLOWED_TIMES,
    ClientGone,
    Exchange,
    TooLarge,
    backend_environment,
    content_length,
    damaged,
    deliver,
    feed,
    too_large,
    too_late,
)
from portal.gitserver.pushes import Push
from portal.gitserver.reflines import RefLines
from portal.gitserver.room import full, measure
from portal.gitserver.server import Busy, GitServer
from portal.gitserver.unpacking import Damaged
from portal.languages import active
from portal.threads import disk

logger = logging.getLogger(__name__)


async def receive_pack(exchange: Exchange) -> None:
    """Raises Busy. Nothing is stored before the key, the project and the announced size are settled."""
    server, send, target, principal = exchange.server, exchange.send, exchange.target, exchange.principal
    limit_bytes = server.settings.push_limit_bytes * SWALLOWED_TIMES
    if (content_length(exchange.scope) or 0) > limit_bytes:
        await too_large(send, server.settings.push_limit_bytes)
        return
    repository = await disk(server.repositories.ensure, target.owner)
    if (refused := await disk(full, server, target, principal)) is not None:
        await refuse(send, 413, refused)
        return
    push = Push(target, principal, repository, active())
    backend = await _begin(exchange, push)
    refs = RefLines()

    async def put(part: bytes) -> None:
        """What is refused is read to its end all the same: the pusher's git does not read while it sends."""
        refs.watch(part)
        if not refs.refused:
            await backend.write(part)

    try:
        try:
            await feed(exchange, put, limit_bytes)
        except BaseException:
            await _cut_off(backend)
            raise
        if refs.refused:
            await _cut_off(backend)
            await refuse(send, 413, refs.refused)
            return
        await backend.end_input()
        await deliver(exchange, backend, reference=push.id)
    except ClientGone:
        logger.info("the pusher was gone before the pack was complete", extra={"push": push.id})
        await too_late(send)
    except TooLarge:
        await too_large(send, server.settings.push_limit_bytes)
    except Damaged:
        await damaged(send)


async def _cut_off(backend: Backend) -> None:
    """git finds the push incomplete, removes what it has and ends by itself."""
    await backend.discard()
    await backend.end_input()


async def _begin(exchange: Exchange, push: Push) -> Backend:
    """Starts receive-pack with its hooks' secret, and the task that sees it to its end."""
    server = exchange.server
    if server.pushes.of(push.target.project_id) >= server.settings.project_push_concurrency:
        raise Busy
    await server.pushing.take(push.target.club)
    try:
        await server.receiving.take(push.target.club)
    except BaseException:
        server.pushing.give_back(push.target.club)
        raise
    server.pushes.begin(push)
    try:
        environment = {**backend_environment(exchange), **server.push_environment(push.secret)}
        backend = await Backend.start(environment, wait_for_reader=False)
    except BaseException:
        server.receiving.give_back(push.target.club)
        server.pushing.give_back(push.target.club)
        await server.pushes.end(push)
        raise
    server.spawn(asyncio.create_task(_see_through(server, push, backend), name=f"push {push.id}"))
    return backend


async def _see_through(server: GitServer, push: Push, backend: Backend) -> None:
    """The push's places in line are given back when it stops needing them."""
    received = asyncio.ensure_future(push.received.wait())
    try:
        try:
            await asyncio.wait({received, backend.done}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            received.cancel()
            server.receiving.give_back(push.target.club)
        status = await asyncio.shield(backend.done)
        logger.info(
            "push ended",
            extra={
                "push": push.id,
                "project": push.target.name,
                "build": push.build_id,
                "succeeded": push.succeeded,
                "status": status,
                "errors": backend.errors,
            },
        )
    except asyncio.CancelledError:
        with contextlib.suppress(asyncio.CancelledError):
            await backend.kill()
        raise
    finally:
        server.pushing.give_back(push.target.club)
        try:
            await _note_size(server, push)
        finally:
            await server.pushes.end(push)


async def _note_size(server: GitServer, push: Push) -> None:
    """What is left of the push. A note that is not made is made at the repository's next push."""
    try:
        await disk(measure, server.repositories, push.target.project_id)
    except (DatabaseError, OSError):
        logger.warning("a repository's size was not noted", extra={"push": push.id}, exc_info=True)
