"""Fencing numbers only grow."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from portal.leases.fencing import next_fence


@given(st.integers(0, 2**60), st.floats(0, 2**40))
def test_a_fence_is_larger_than_the_last(last: int, now: float) -> None:
    assert next_fence(last, now) > last


def test_a_forgotten_fence_is_passed_once_the_clock_has_gone_on() -> None:
    in_the_cluster = next_fence(0, 1_000_000.0)
    assert next_fence(0, 1_000_060.0) > in_the_cluster
