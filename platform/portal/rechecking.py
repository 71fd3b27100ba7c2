"""Answers that go on for minutes: whoever may no longer read them reads no further."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import TypeVar

from django.db import Error

from portal.threads import database

logger = logging.getLogger(__name__)

T = TypeVar("T")

RECHECK_SECONDS = 20.0


async def while_allowed(events: AsyncGenerator[T], allowed: Callable[[], bool]) -> AsyncGenerator[T]:
    """The events until `allowed` says no: short work with the ORM, asked before an event every 20 s.

    So heartbeats have to be among them. A database that is away ends nothing: it is asked again.
    """
    now = asyncio.get_running_loop().time
    asked_at = now()
    async with aclosing(events):
        async for each in events:
            if now() - asked_at >= RECHECK_SECONDS:
                if not await _is_allowed(allowed):
                    return
                asked_at = now()
            yield each


async def _is_allowed(allowed: Callable[[], bool]) -> bool:
    try:
        return await database(allowed)
    except Error:
        logger.warning("not known whether a reader may read on, asked again", exc_info=True)
        return True
