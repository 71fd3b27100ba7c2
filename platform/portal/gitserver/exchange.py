"""One git request: its body to `git http-backend`, the answer back."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from deployer.errors import Explanation
from deployer.sentence import Sentence
from portal.accounts.principal import Principal
from portal.gitserver.address import GitRequest, Service
from portal.gitserver.answers import NEVER_CACHED, Receive, Scope, Send, answer, header, refuse
from portal.gitserver.backend import Backend, EndedEarly
from portal.gitserver.directory import Target
from portal.gitserver.server import GitServer
from portal.gitserver.sideband import RefusalExplainer, explain_refusal
from portal.gitserver.unpacking import unpacker

logger = logging.getLogger(__name__)

# A fetch's request is names of commits; a push may go on after git has refused it, so that the pusher's
# git reads the refusal (it does not read while it sends), but not for ever.
FETCH_REQUEST_BYTES = 16 << 20
SWALLOWED_TIMES = 4
_PROTOCOL = re.compile(r"version=[0-9](?::[a-z0-9=:-]{0,100})?")


class ClientGone(Exception):
    """The client closed the connection before its request was complete."""


class TooLarge(Exception):
    """The request's body is longer than anybody waits for."""


@dataclass(frozen=True)
class Exchange:
    """A request that was let in: who asks what of which repository, where its body comes from and its answer
    goes."""

    server: GitServer
    scope: Scope
    receive: Receive
    send: Send
    request: GitRequest
    target: Target
    principal: Principal


def backend_environment(exchange: Exchange) -> dict[str, str]:
    """The CGI environment (RFC 3875) of git http-backend, from nothing but what is needed."""
    server, scope, request = exchange.server, exchange.scope, exchange.request
    environment = {
        **server.repositories.environment,
        "GIT_PROJECT_ROOT": str(server.repositories.root),
        "GIT_HTTP_EXPORT_ALL": "1",
        "REQUEST_METHOD": scope["method"],
        "PATH_INFO": f"/{server.repositories.path(exchange.target.project_id).name}/{request.tail}",
        "QUERY_STRING": f"service={request.service}" if request.advertisement else "",
        "CONTENT_TYPE": header(scope, b"content-type"),
        "REMOTE_USER": exchange.principal.name,
        "REMOTE_ADDR": "madang",
        "SERVER_PROTOCOL": "HTTP/1.1",
    }
    # No CONTENT_LENGTH: git reads to the body's end. Told a length, it waits for a body that was cut short
    # for ever, with a processor of its own (`pipe_fixed_length` of http-backend.c takes no end for one).
    if _PROTOCOL.fullmatch(protocol := header(scope, b"git-protocol")):
        environment["GIT_PROTOCOL"] = protocol
    return environment


def content_length(scope: Scope) -> int | None:
    text = header(scope, b"content-length")
    return int(text) if text.isdecimal() else None


async def feed(exchange: Exchange, put: Callable[[bytes], Awaitable[None]], limit_bytes: int) -> None:
    """The request's body, unpacked, part by part to `put`; the limit holds for what that is.

    Raises ClientGone (a client that stalls is gone too), TooLarge and Damaged.
    """
    try:
        async with asyncio.timeout(exchange.server.settings.upload_seconds):
            await _feed(exchange, put, limit_bytes)
    except TimeoutError:
        raise ClientGone from None


async def _feed(exchange: Exchange, put: Callable[[bytes], Awaitable[None]], limit_bytes: int) -> None:
    unpack, stalled_seconds = unpacker(exchange.scope), exchange.server.settings.stalled_seconds
    count = 0
    more = True
    while more:
        message = await asyncio.wait_for(exchange.receive(), stalled_seconds)
        if message["type"] == "http.disconnect":
            raise ClientGone
        for piece in unpack(message.get("body", b"")):
            count += len(piece)
            if count > limit_bytes:
                raise TooLarge
            await put(piece)
        more = message.get("more_body", False)


async def deliver(exchange: Exchange, backend: Backend, *, reference: str) -> None:
    """git's answer to the client, as it comes. The client may vanish or stall: then the rest is discarded.

    Not one byte goes out before the whole request was read: git http-backend answers at once, and a Go
    proxy (Traefik) then throws away what it is still forwarding ("inflate: data stream error").
    """
    gone = asyncio.ensure_future(_disconnected(exchange.receive))
    sending = asyncio.ensure_future(_send_answer(exchange, backend, reference))
    try:
        await asyncio.wait({gone, sending}, return_when=asyncio.FIRST_COMPLETED)
        if sending.done():
            await sending
    except TimeoutError:
        # A part of the answer is out: the connection ends, and the client sees that there was more to come.
        logger.info("a client took nothing of its answer any more", extra={"reference": reference})
    finally:
        for task in (gone, sending):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await task
        await backend.discard()


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send_answer(exchange: Exchange, backend: Backend, reference: str) -> None:
    settings, request, send = exchange.server.settings, exchange.request, exchange.send
    try:
        head = await backend.head()
    except EndedEarly:
        logger.error("git ended without an answer", extra={"reference": reference, "errors": backend.errors})
        await refuse(send, 500, ended_early(reference))
        return
    patience = settings.stalled_seconds
    headers = [*head.headers, *(NEVER_CACHED if b"cache-control" not in dict(head.headers) else ())]
    await send({"type": "http.response.start", "status": head.status, "headers": headers})

    async def put(data: bytes) -> None:
        if data:
            part = {"type": "http.response.body", "body": data, "more_body": True}
            await asyncio.wait_for(send(part), patience)

    pushed = request.service is Service.PUSH and not request.advertisement and head.status == 200
    explainer = RefusalExplainer(lambda said: explain_refusal(said, settings)) if pushed else None
    async for chunk in backend.body():
        await put(explainer.feed(chunk) if explainer else chunk)
    if explainer:
        await put(explainer.end())
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def ended_early(reference: str) -> Explanation:
    return Explanation(
        "git-failure",
        "Not your code: git failed on the server.",
        Sentence("reference {reference}", reference=reference),
        "Try again; if it stays, tell an operator the reference.",
    )


async def too_large(send: Send, limit_bytes: int) -> None:
    await refuse(send, 413, far_too_large(limit_bytes), [(b"connection", b"close")])


def far_too_large(limit_bytes: int) -> Explanation:
    return Explanation(
        "push-too-large",
        Sentence(
            "This push is far larger than the {mebibytes} MiB that are allowed.", mebibytes=limit_bytes >> 20
        ),
        "",
        "Take large files and folders such as node_modules out of the commits.",
    )


async def damaged(send: Send) -> None:
    await answer(send, 400, _("The request's body cannot be unpacked."), [(b"connection", b"close")])


async def too_late(send: Send) -> None:
    """For a client that stalled; one that is gone does not get it."""
    await answer(send, 408, _("The request did not arrive in time."), [(b"connection", b"close")])


def log_context(request: GitRequest, user: str) -> Mapping[str, object]:
    return {
        "club": request.club,
        "project": request.project,
        "service": request.service.value,
        "advertisement": request.advertisement,
        "by": user,
    }
