"""A request's body as git gets it: unpacked here if the client packed it, and only as far as it may go.

`git http-backend` would unpack it too, but without a bound: 10 MB of gzip are 10 GB of lines, and git keeps
what they say in memory.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator

from portal.gitserver.answers import Scope, header

Unpack = Callable[[bytes], Iterator[bytes]]

_PIECE_BYTES = 256 << 10
# zlib's number for the largest window within gzip's frame (RFC 1952).
_GZIP = 31


class Damaged(Exception):
    """What the client sent is no gzip."""


def is_packed(scope: Scope) -> bool:
    return header(scope, b"content-encoding") in {"gzip", "x-gzip"}


def unpacker(scope: Scope) -> Unpack:
    """Give it the body part by part; it gives small pieces. They raise Damaged."""
    return _Gunzip().pieces if is_packed(scope) else _as_it_is


def _as_it_is(part: bytes) -> Iterator[bytes]:
    if part:
        yield part


class _Gunzip:
    def __init__(self) -> None:
        self._decoder = zlib.decompressobj(wbits=_GZIP)

    def pieces(self, part: bytes) -> Iterator[bytes]:
        """What comes behind the end of the gzip is left out, as git does."""
        rest = part
        while not self._decoder.eof:
            try:
                piece = self._decoder.decompress(rest, _PIECE_BYTES)
            except zlib.error as error:
                raise Damaged from error
            if piece:
                yield piece
            rest = self._decoder.unconsumed_tail
            # A full piece may have more behind it, though all input is taken.
            if not rest and len(piece) < _PIECE_BYTES:
                return
