"""Answers the hooks of pushes on a private Unix socket: one line of JSON in, lines of JSON out."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import override

from portal.gitserver import wording
from portal.gitserver.deploying import pre_receive
from portal.gitserver.pushes import Push
from portal.gitserver.refs import RefUpdate
from portal.gitserver.server import GitServer
from portal.gitserver.settle import ObjectsMissing, settle
from portal.threads import disk

logger = logging.getLogger(__name__)

# A push of very many refs is one long line.
_QUESTION_BYTES = 4 << 20


async def start_hook_server(server: GitServer) -> asyncio.Server:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await _converse(server, reader, writer)
        except (ConnectionError, ValueError, KeyError, TypeError):
            logger.warning("a hook's conversation broke off", exc_info=True)
        finally:
            writer.close()

    return await asyncio.start_unix_server(serve, server.hook_socket, limit=_QUESTION_BYTES)


async def _converse(server: GitServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    question = json.loads(await reader.readline() or b"{}")
    push = server.pushes.find(str(question.get("secret")))
    if push is None:
        logger.warning("a hook came with an unknown secret")
        return

    async def send(answer: Mapping[str, Any]) -> None:
        writer.write(json.dumps(answer).encode() + b"\n")
        await writer.drain()

    updates = [RefUpdate(*map(str, update)) for update in question["updates"]]
    # A conversation is a task of its own, and with it what is active there.
    with override(push.language):
        if question["hook"] == "proc-receive":
            await send({"results": await _move_branch(server, push, updates)})
        else:
            await _deploy(server, push, updates, question.get("environment", {}), send)


async def _deploy(
    server: GitServer,
    push: Push,
    updates: list[RefUpdate],
    quarantine: Mapping[str, str],
    send: Callable[[Mapping[str, Any]], Awaitable[None]],
) -> None:
    push.received.set()
    told = False

    async def say(text: str) -> None:
        nonlocal told
        if push.build_id is not None and not told:
            told = True
            await send({"accepted": True})
        await send({"text": text})

    try:
        exit_code = await pre_receive(server, push, updates, quarantine, say)
    except ConnectionError:
        raise
    except Exception:
        logger.exception("trouble of ours with a push", extra={"push": push.id, "build": push.build_id})
        explain = wording.platform_trouble if push.build_id is None else wording.lost_sight
        await say(wording.trouble(explain(push.id)))
        exit_code = 1
    await send({"exit": exit_code})


async def _move_branch(server: GitServer, push: Push, updates: list[RefUpdate]) -> dict[str, str]:
    """A problem for each ref, empty if it was moved (here or by a newer push that is live already)."""
    problem = _("it was not deployed")
    if push.succeeded:
        try:
            await disk(settle, server.repositories, push.target.project_id)
            problem = ""
        except (ObjectsMissing, OSError, subprocess.CalledProcessError):
            logger.exception("a live push's branch could not be moved", extra={"push": push.id})
            problem = _("it is live, but the repository could not be updated; tell an operator")
    return {update.ref: problem for update in updates}
