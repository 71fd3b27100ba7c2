"""Blocking work away from the event loop: the database, and what takes long on the disk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from django.db import connection

P = ParamSpec("P")
T = TypeVar("T")

# Apart, so that a slow archive of one push does not hold up another one's log lines.
_database = ThreadPoolExecutor(8, thread_name_prefix="database")
_disk = ThreadPoolExecutor(4, thread_name_prefix="disk")


async def database(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Short work with the ORM."""
    return await _run(_database, lambda: work(*args, **kwargs))


async def disk(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Work that may take seconds; it may use the ORM too."""
    return await _run(_disk, lambda: work(*args, **kwargs))


async def _run(executor: ThreadPoolExecutor, work: Callable[[], T]) -> T:
    def run() -> T:
        try:
            return work()
        finally:
            # Back to the pool.
            connection.close()

    return await asyncio.get_running_loop().run_in_executor(executor, run)
