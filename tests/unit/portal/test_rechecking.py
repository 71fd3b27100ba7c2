"""Answers that go on end with the right to read them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterator

import pytest
from django.db import OperationalError
from portal import rechecking
from portal.rechecking import while_allowed


@pytest.fixture(autouse=True)
def asked_before_each_event(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rechecking, "RECHECK_SECONDS", 0.0)


class Numbers:
    """Zero and on, for ever; `closed` once nobody reads them any more."""

    def __init__(self) -> None:
        self.closed = False

    async def events(self) -> AsyncGenerator[int]:
        number = 0
        try:
            while True:
                yield number
                number += 1
        finally:
            self.closed = True


def answers(*given: bool | Exception) -> Callable[[], bool]:
    left: Iterator[bool | Exception] = iter(given)

    def allowed() -> bool:
        answer = next(left)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return allowed


async def read(numbers: Numbers, allowed: Callable[[], bool]) -> list[int]:
    return [each async for each in while_allowed(numbers.events(), allowed)]


async def test_an_answer_ends_before_the_first_event_that_its_reader_may_not_have() -> None:
    numbers = Numbers()
    assert await read(numbers, answers(True, True, False)) == [0, 1]
    assert numbers.closed


async def test_a_database_that_is_away_ends_no_answer() -> None:
    away = OperationalError("the server closed the connection unexpectedly")
    assert await read(Numbers(), answers(away, True, away, False)) == [0, 1, 2]


async def test_it_is_asked_now_and_then_and_not_for_every_event(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rechecking, "RECHECK_SECONDS", 3600.0)
    events = while_allowed(Numbers().events(), answers())
    assert [await anext(events) for _ in range(3)] == [0, 1, 2]
    await events.aclose()
