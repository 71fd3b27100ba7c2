"""What visitors met while a node went, from what was counted and asked."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import django
import pytest

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup()

from portal.fleet.visitors import (  # noqa: E402 - models need Django's settings
    Counting,
    answered,
    counting,
    longest_gap,
)

BEGUN = datetime(2026, 11, 25, 3, 0, 10, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return BEGUN + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ([], 0),
        ([(-900, True)], 0),
        ([(-900, True), (20, False), (30, False), (50, True), (70, False), (80, True)], 30),
        # It lasts, and it began before.
        ([(-900, True), (100, False)], 40),
        ([(-900, False)], 140),
        ([(-900, False), (5, True)], 5),
    ],
)
def test_a_gap_is_from_the_first_asking_that_failed_to_the_next_answer(
    told: list[tuple[float, bool]], seconds: float
) -> None:
    assert longest_gap([(at(moment), ok) for moment, ok in told], BEGUN, at(140)) == seconds


def test_who_did_not_answer_when_the_notice_came_lost_nothing_by_it() -> None:
    assert answered([], BEGUN)
    assert answered([(at(-5), True), (at(5), False)], BEGUN)
    assert not answered([(at(-5), False), (at(5), True)], BEGUN)


def test_the_finest_steps_that_are_kept_are_counted_and_none_that_is_not_over() -> None:
    until = at(140)
    fine = Counting(BEGUN.replace(second=0), datetime(2026, 11, 25, 3, 3, tzinfo=UTC), 30)
    assert counting(BEGUN, until, at(3600)) == fine
    assert fine.steps == 6
    assert counting(BEGUN, at(65), at(65)) == Counting(fine.begin, fine.begin + timedelta(seconds=60), 30)
    assert counting(BEGUN, at(2), at(2)) == Counting(fine.begin, fine.begin, 30)
    middle = counting(BEGUN, until, at(86_400))
    assert middle == Counting(fine.begin, fine.begin + timedelta(minutes=5), 300)
    coarse = counting(BEGUN, until, at(86_400 * 9))
    assert coarse is not None
    assert (coarse.begin.minute, coarse.step_seconds, coarse.steps) == (0, 3600, 1)
    assert counting(BEGUN, until, at(86_400 * 101)) is None
