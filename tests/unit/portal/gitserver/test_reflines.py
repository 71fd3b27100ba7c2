"""How many refs a push may name, seen in its own bytes."""

from __future__ import annotations

import pytest
from portal.gitserver.reflines import MOST_BYTES, RefLines

LINE = b"0" * 40 + b" " + b"1" * 40 + b" refs/tags/v1"
PACKET = b"%04x%s" % (len(LINE) + 4, LINE)


def test_what_comes_behind_the_flush_packet_is_not_counted() -> None:
    refs = RefLines()
    refs.watch(PACKET * 10 + b"0000PACK")
    refs.watch(b"x" * (2 * MOST_BYTES))
    assert not refs.too_many


@pytest.mark.parametrize("size", [1, 3, 4096, 10 << 20])
def test_too_many_are_noticed_in_parts_of_any_size(size: int) -> None:
    push = PACKET * (MOST_BYTES // len(PACKET) + 1) + b"0000PACK"
    refs = RefLines()
    for first in range(0, len(push), size):
        refs.watch(push[first : first + size])
    assert refs.too_many
    refs.watch(b"0000")
    assert refs.too_many


def test_as_many_as_may_be_pass() -> None:
    refs = RefLines()
    push = PACKET * ((MOST_BYTES - 4) // len(PACKET))
    for first in range(0, len(push), 1000):
        refs.watch(push[first : first + 1000])
    refs.watch(b"0000")
    assert not refs.too_many


def test_what_is_no_packet_is_gits_to_refuse() -> None:
    refs = RefLines()
    refs.watch(b"hello")
    refs.watch(b"x" * (2 * MOST_BYTES))
    assert not refs.too_many
