"""Requests of a drill as a visitor would count them."""

from __future__ import annotations

import random

from portal.drills.tally import Outcome, Tally


def tally(*outcomes: Outcome) -> Tally:
    found = Tally()
    for outcome in outcomes:
        found.take(outcome)
    return found


def test_a_gap_is_from_the_first_that_failed_to_the_next_that_was_answered() -> None:
    found = tally(
        Outcome(0.0, 0.01, ""),
        Outcome(0.5, 0.01, "http-503"),
        Outcome(1.0, 5.0, "timeout"),
        Outcome(1.75, 0.02, ""),
        Outcome(2.0, 0.01, "http-503"),
        Outcome(2.25, 0.01, ""),
    )
    found.end(9)
    assert (found.requests, found.failures, found.longest_gap) == (6, 3, 1.25)
    assert found.seconds == {0: [2, 1], 1: [2, 1], 2: [2, 1]}
    assert found.reasons == {"http-503": 2, "timeout": 1}
    assert found.slowest == 0.02


def test_the_order_in_which_requests_end_changes_nothing() -> None:
    outcomes = [Outcome(number / 20, 0.01, "" if number % 7 else "timeout") for number in range(200)]
    straight = tally(*outcomes)
    straight.end(10)
    shuffled = tally()
    random.Random(1).shuffle(outcomes)
    for outcome in outcomes:
        shuffled.take(outcome)
    shuffled.end(10)
    assert shuffled == straight


def test_only_what_is_surely_complete_is_counted_so_far() -> None:
    found = tally(Outcome(1, 0.1, ""), Outcome(4, 0.1, "timeout"))
    found.settle(4)
    assert (found.requests, found.failures) == (1, 0)
    found.settle(4.5)
    assert (found.requests, found.failures) == (2, 1)


def test_a_gap_that_is_still_open_at_the_end_lasts_until_then() -> None:
    found = tally(Outcome(1, 0.1, ""), Outcome(2, 0.1, "no-connection"))
    found.end(12)
    assert found.longest_gap == 10


def test_seconds_before_the_order_are_below_zero() -> None:
    found = tally(Outcome(-0.5, 0.1, ""))
    found.end(0)
    assert found.seconds == {-1: [1, 0]}
