"""A packed body is unpacked in small pieces, whatever its parts are, and no further than somebody asks."""

from __future__ import annotations

import gzip
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st
from portal.gitserver.unpacking import Damaged, is_packed, unpacker

PACKED = {"headers": [(b"content-encoding", b"gzip")]}
PLAIN: dict[str, object] = {"headers": []}


@given(st.binary(max_size=2000), st.integers(1, 500))
def test_parts_of_any_size_give_the_whole(body: bytes, size: int) -> None:
    packed = gzip.compress(body * 300)
    unpack = unpacker(PACKED)
    parts = [packed[first : first + size] for first in range(0, len(packed), size)]
    assert b"".join(piece for part in parts for piece in unpack(part)) == body * 300


def test_what_is_not_packed_stays_as_it_is() -> None:
    assert not is_packed(PLAIN)
    assert list(unpacker(PLAIN)(b"0000")) == [b"0000"]
    assert list(unpacker(PLAIN)(b"")) == []


def test_a_bomb_comes_in_pieces() -> None:
    bomb = gzip.compress(b"0" * (64 << 20))
    assert len(bomb) < 100_000
    assert all(len(piece) <= 256 << 10 for piece in islice(unpacker(PACKED)(bomb), 3))


def test_what_is_no_gzip_and_what_comes_after_it() -> None:
    with pytest.raises(Damaged):
        list(unpacker(PACKED)(b"0014command=ls-refs"))
    unpack = unpacker(PACKED)
    assert b"".join(unpack(gzip.compress(b"all") + b"more")) == b"all"
    assert list(unpack(b"and more")) == []
