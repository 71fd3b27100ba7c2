"""A client that reads slowly keeps nobody from fetching, and is sent away only where others need its seat."""

from __future__ import annotations

import asyncio
import os
from collections.abc import MutableMapping
from types import SimpleNamespace
from typing import Any, cast

import django
import pytest
from hypothesis import given
from hypothesis import strategies as st

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup()

from portal.accounts.principal import platform  # noqa: E402 - words need Django's settings
from portal.gitserver.address import GitRequest, Service  # noqa: E402
from portal.gitserver.directory import Target  # noqa: E402
from portal.gitserver.exchange import Exchange  # noqa: E402
from portal.gitserver.reader import Reader, SentAway  # noqa: E402
from portal.gitserver.repositories import Owner  # noqa: E402
from portal.gitserver.seats import Seat, Seats  # noqa: E402
from portal.gitserver.server import GitServer  # noqa: E402
from portal.gitserver.settings import GitServerSettings  # noqa: E402

PACKET = b"0009\x01pack"


class Row:
    """Seats, who sits there, and who lost theirs."""

    def __init__(self, count: int) -> None:
        self.seats = Seats(count)
        self.there: list[str] = []
        self.lost: list[str] = []

    def take(self, name: str) -> Seat:
        """`name` begins with the club's."""

        def leave() -> None:
            self.there.remove(name)
            self.lost.append(name)

        self.there.append(name)
        seat = Seat(name[0], leave)
        self.seats.take(seat)
        return seat


def test_who_finds_no_seat_gets_the_last_one_of_the_club_with_the_most() -> None:
    row = Row(4)
    for name in ("a1", "a2", "a3", "b1"):
        row.take(name)
    row.take("c1")
    assert (row.there, row.lost) == (["a1", "a2", "b1", "c1"], ["a3"])


def test_a_club_that_has_the_most_takes_none_from_others() -> None:
    row = Row(3)
    for name in ("a1", "b1", "a2", "a3"):
        row.take(name)
    assert (row.there, row.lost) == (["a1", "b1", "a2"], ["a3"])


def test_a_seat_that_is_given_back_is_free_and_one_that_was_lost_is_not_given_back_again() -> None:
    row = Row(1)
    lost = row.take("a1")
    row.take("a2")
    first = row.take("b1")
    assert row.lost == ["a2", "b1"]
    row.seats.give_back(first)
    row.seats.give_back(lost)
    row.take("c1")
    assert row.lost == ["a2", "b1"]


@given(st.lists(st.sampled_from("abcdef"), max_size=40), st.integers(min_value=1, max_value=8))
def test_no_club_loses_a_seat_to_one_that_has_as_many(clubs: list[str], count: int) -> None:
    row = Row(count)
    for number, club in enumerate(clubs):
        before = len(row.lost)
        row.take(f"{club}{number}")
        assert len(row.there) <= count
        for loser in row.lost[before:]:
            sitting = [name[0] for name in row.there]
            assert loser[0] == club or sitting.count(loser[0]) >= sitting.count(club)


class Client:
    """Takes what is sent once `reading` is set."""

    def __init__(self) -> None:
        self.reading = asyncio.Event()
        self.sent = b""
        self.ended = False

    async def send(self, message: MutableMapping[str, Any]) -> None:
        await self.reading.wait()
        self.sent += message["body"]
        self.ended = not message["more_body"]


class Road:
    """From a git server with so many seats to a client, which held a turn."""

    def __init__(self, seats: int, **settings: float) -> None:
        self.client = Client()
        self.turns_back = 0
        self.server = SimpleNamespace(
            settings=GitServerSettings(**{"slow_fetch_seconds": 1e-9, **settings}),  # type: ignore[arg-type]
            slow=Seats(seats),
        )
        self.reader = Reader(
            Exchange(
                cast("GitServer", self.server),
                {},
                cast("Any", None),
                self.client.send,
                GitRequest("chess", "blog", Service.FETCH, advertisement=False),
                Target(Owner(1, "2026", "main"), "chess", "blog", "http://blog.localhost"),
                platform(),
            ),
            self.give_turn_back,
        )

    def give_turn_back(self) -> None:
        self.turns_back += 1

    async def send(self, body: bytes, *, more: bool = True) -> None:
        await self.reader({"type": "http.response.body", "body": body, "more_body": more})

    async def begin(self, body: bytes = PACKET) -> asyncio.Task[None]:
        """An answer that the client does not take: the reader sits."""
        sending = asyncio.create_task(self.send(body))
        while not self.turns_back:
            await asyncio.sleep(0)
        return sending


async def test_a_client_that_takes_its_answer_at_once_keeps_its_turn() -> None:
    road = Road(1, slow_fetch_seconds=3600)
    road.client.reading.set()
    for _ in range(3):
        await road.send(PACKET)
    await road.send(b"0000", more=False)
    assert (road.client.sent, road.turns_back) == (PACKET * 3 + b"0000", 0)


async def test_a_slow_one_gives_its_turn_back_once_and_gets_all_of_its_answer() -> None:
    road = Road(1)
    sending = await road.begin()
    road.client.reading.set()
    await sending
    for _ in range(3):
        await road.send(PACKET)
    await road.send(b"0000", more=False)
    assert (road.client.sent, road.client.ended, road.turns_back) == (PACKET * 4 + b"0000", True, 1)
    road.reader.get_up()
    road.server.slow.take(Seat("next", lambda: pytest.fail("the seat was free")))


async def test_one_that_loses_its_seat_is_told_so_between_two_packets() -> None:
    road = Road(0)
    sending = await road.begin()
    road.client.reading.set()
    await sending
    with pytest.raises(SentAway):
        await road.send(PACKET)
    assert road.client.sent.startswith(PACKET)
    said = road.client.sent.removeprefix(PACKET)
    assert (int(said[:4], 16), said[4]) == (len(said), 2)
    assert b"slow connections" in said
    assert road.client.ended


async def test_of_an_answer_that_ends_by_itself_nothing_is_taken() -> None:
    road = Road(0)
    sending = await road.begin()
    road.client.reading.set()
    await sending
    await road.send(b"0000", more=False)
    assert (road.client.sent, road.client.ended) == (PACKET + b"0000", True)


async def test_a_packet_that_was_cut_in_two_is_sent_whole_or_not_at_all() -> None:
    road = Road(0)
    road.client.reading.set()
    await road.send(PACKET[:5])
    await road.send(PACKET[5:] + PACKET[:3])
    road.client.reading.clear()
    sending = await road.begin(PACKET[3:] + PACKET[:8])
    road.client.reading.set()
    await sending
    with pytest.raises(SentAway):
        await road.send(PACKET[8:])
    said = road.client.sent.removeprefix(PACKET * 2)
    assert said[4] == 2
    assert b"slow connections" in said


async def test_one_that_does_not_even_take_the_reason_is_cut_off() -> None:
    road = Road(0, goodbye_seconds=0.01)
    with pytest.raises(TimeoutError):
        await (await road.begin())
