"""Looks go on over trouble that passes, and no longer than trouble may last."""

from __future__ import annotations

import pytest

from deployer.errors import Explanation, PermanentError, TemporaryError
from deployer.kube import patience
from deployer.kube.patience import Patience, looks

WHY = Explanation("api-server", "It does not answer.", "", "")


class Clock:
    """Time that passes where somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(patience, "time", clock)
    return clock


def answering_again_after(count: int, clock: Clock) -> list[float]:
    """When it was looked, with an API server that answers none of the first `count` looks."""
    looked: list[float] = []
    waits = Patience()
    for _ in looks(lambda: len(looked) > count):
        looked.append(clock.now)
        with waits:
            if len(looked) <= count:
                raise TemporaryError(WHY)
    return looked


def test_trouble_of_five_minutes_passes(clock: Clock) -> None:
    assert answering_again_after(601, clock)[-1] == 300.5


def test_trouble_that_lasts_is_raised(clock: Clock) -> None:
    with pytest.raises(TemporaryError):
        answering_again_after(602, clock)
    assert clock.now == 300.5


def test_each_good_look_begins_anew(clock: Clock) -> None:
    waits = Patience()
    for _ in range(3):
        with waits:
            raise TemporaryError(WHY)
        clock.sleep(200)
        with waits:
            pass


def test_other_errors_are_never_let_pass(clock: Clock) -> None:
    with pytest.raises(PermanentError), Patience():
        raise PermanentError(WHY)


def test_a_look_is_told_how_long_ago_the_last_one_began_and_the_first_nothing(clock: Clock) -> None:
    passed: list[float] = []
    for seconds in looks(lambda: len(passed) == 3):
        passed.append(seconds)
        clock.sleep(2)
    assert passed == [0, 2.5, 2.5]
