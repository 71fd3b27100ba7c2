"""Turns that clubs share: one club may not take them all."""

from __future__ import annotations

import asyncio

import pytest
from portal.gitserver.server import Busy, SharedTurns


def test_a_club_takes_its_share_and_leaves_the_rest_to_others() -> None:
    async def play() -> None:
        turns = SharedTurns(3, 2, patience_seconds=0.01)
        await turns.take("loud")
        await turns.take("loud")
        with pytest.raises(Busy):
            await turns.take("loud")
        assert turns.taken("loud")
        assert not turns.taken("quiet")
        await turns.take("quiet")
        assert turns.taken("late")
        # All are taken now, whoever asks; who was refused holds nothing of its own share.
        for _ in range(3):
            with pytest.raises(Busy):
                await turns.take("late")
        turns.give_back("loud")
        async with turns.turn("late"):
            with pytest.raises(Busy):
                await turns.take("loud")
        await turns.take("loud")

    asyncio.run(play())


def test_who_waits_gets_the_turn_that_is_given_back() -> None:
    async def play() -> None:
        turns = SharedTurns(3, 1, patience_seconds=60)
        await turns.take("club")
        waiting = asyncio.create_task(turns.take("club"))
        await asyncio.sleep(0)
        turns.give_back("club")
        await waiting

    asyncio.run(play())
