"""What git has refused to read goes nowhere, under the event loop that serves."""

from __future__ import annotations

import os

import uvloop
from portal.gitserver.backend import Backend


def test_a_backend_that_has_ended_takes_what_still_comes() -> None:
    """It raised: the pusher read a bare 500 in place of the reason that git had given."""

    async def push_on() -> None:
        # Without a request in its environment git ends at once.
        backend = await Backend.start({"PATH": os.environ["PATH"]}, wait_for_reader=False)
        await backend.done
        for _ in range(3):
            await backend.write(b"x" * 70_000)
        await backend.end_input()

    uvloop.run(push_on())
