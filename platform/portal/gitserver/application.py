"""The git server's requests: git, sources, health."""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import dataclass

from django.db import DatabaseError
from django.utils.translation import gettext as _
from django.utils.translation import override

from deployer.errors import Explanation
from portal.gitserver.address import GitRequest, Service, parse
from portal.gitserver.answers import Receive, Scope, Send, answer, busy, header, refuse
from portal.gitserver.authentication import (
    CHALLENGE,
    key_of,
    key_refused,
    key_wanted,
    scope_missing,
    unknown_project,
)
from portal.gitserver.directory import admit
from portal.gitserver.exchange import Exchange, log_context
from portal.gitserver.fetching import fetch
from portal.gitserver.receiving import receive_pack
from portal.gitserver.room import full
from portal.gitserver.server import Busy, GitServer
from portal.gitserver.sources import build_of, give_source
from portal.languages import preferred
from portal.threads import database, disk

logger = logging.getLogger(__name__)

_RETRY = ((b"retry-after", b"30"),)


@dataclass(frozen=True)
class Requests:
    """ASGI, http only."""

    server: GitServer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """While the process closes, a request has `goodbye_seconds` left."""
        # The task takes along what is active as it is made.
        with override(preferred(header(scope, b"accept-language"))):
            work = asyncio.ensure_future(self._answer(scope, receive, send))
        closing = asyncio.ensure_future(self.server.closing.wait())
        try:
            await asyncio.wait({work, closing}, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait_for(work, None if work.done() else self.server.settings.goodbye_seconds)
        except TimeoutError:
            logger.warning("a request was cut off by the end of the process", extra={"path": scope["path"]})
        finally:
            closing.cancel()
            work.cancel()

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, method = scope["path"], scope["method"]
        if path == "/healthz":
            await self._health(send)
        elif method in {"GET", "HEAD"} and (build_id := build_of(path)) is not None:
            await give_source(self.server.repositories, scope, send, build_id)
        elif request := parse(method, path, scope["query_string"].decode("latin-1")):
            await self._git(scope, receive, send, request)
        else:
            text = _("Madang serves git here: /<club>/<project>.git, over smart HTTP only.")
            await answer(send, 404, text)

    async def _health(self, send: Send) -> None:
        """The process answers; the database is not asked, so that its failure restarts nothing."""
        state = {
            "status": "closing" if self.server.closing.is_set() else "ok",
            "pushes": len(self.server.pushes),
        }
        await answer(send, 200, json.dumps(state))

    async def _git(self, scope: Scope, receive: Receive, send: Send, request: GitRequest) -> None:
        if self.server.closing.is_set():
            await refuse(send, 503, closing(), _RETRY)
            return
        key = key_of(header(scope, b"authorization"))
        if key is None:
            await refuse(send, 401, key_wanted(), CHALLENGE)
            return
        try:
            admission = await database(admit, key, client_address(scope), request)
        except DatabaseError:
            logger.exception("a key could not be looked up")
            await refuse(send, 503, database_away(), _RETRY)
            return
        if admission.principal is None:
            await refuse(send, 401, key_refused(), CHALLENGE)
        elif admission.target is None:
            known = admission.barred or scope_missing(request)
            refused = known if admission.may_see else unknown_project(request)
            await refuse(send, 403 if admission.may_see else 404, refused)
        else:
            principal, target = admission.principal, admission.target
            logger.info("git request", extra=dict(log_context(request, principal.name)))
            asked = header(scope, b"accept-language")
            with override(self.server.languages.of(request, principal.key_id, target.project_id, asked)):
                await self._serve(Exchange(self.server, scope, receive, send, request, target, principal))

    async def _serve(self, exchange: Exchange) -> None:
        request, target, send = exchange.request, exchange.target, exchange.send
        try:
            if request.service is Service.PUSH and not request.advertisement:
                await receive_pack(exchange)
                return
            if request.service is Service.PUSH:
                # git shows the reason of a refusal here, and not once the pack is on its way.
                await disk(self.server.repositories.ensure, target.owner)
                if (why := await disk(full, self.server, target, exchange.principal)) is not None:
                    await refuse(send, 403, why)
                    return
                limit = self.server.settings.project_push_concurrency
                many = self.server.pushes.of(target.project_id) >= limit
                if many or self.server.pushing.taken(target.club):
                    raise Busy
            await fetch(exchange)
        except Busy:
            await refuse(send, 503, busy(), _RETRY)


def client_address(scope: Scope) -> str:
    """Where the request came from (`portal.forwarded`)."""
    return str(scope["client"][0]) if scope.get("client") else ""


def closing() -> Explanation:
    return Explanation("restarting", "The git server is restarting.", "", "Try again in a minute.")


def database_away() -> Explanation:
    return Explanation(
        "database-away",
        "Not your fault: the platform's database does not answer.",
        "",
        "Try again in a minute.",
    )
