"""Which refs a push may name, and how many, seen in its own bytes."""

from __future__ import annotations

import pytest
from portal.gitserver.reflines import MOST_BYTES, RefLines

LINE = b"0" * 40 + b" " + b"1" * 40 + b" refs/tags/v1"
PACKET = b"%04x%s" % (len(LINE) + 4, LINE)


def test_what_comes_behind_the_flush_packet_is_not_counted() -> None:
    refs = RefLines()
    refs.watch(PACKET * 10 + b"0000PACK")
    refs.watch(b"x" * (2 * MOST_BYTES))
    assert refs.refused is None


@pytest.mark.parametrize("size", [1, 3, 4096, 10 << 20])
def test_too_many_are_noticed_in_parts_of_any_size(size: int) -> None:
    push = PACKET * (MOST_BYTES // len(PACKET) + 1) + b"0000PACK"
    refs = RefLines()
    for first in range(0, len(push), size):
        refs.watch(push[first : first + size])
    assert refs.refused is not None and refs.refused.reason == "too-many-refs"
    refs.watch(b"0000")
    assert refs.refused is not None


def test_as_many_as_may_be_pass() -> None:
    refs = RefLines()
    push = PACKET * ((MOST_BYTES - 4) // len(PACKET))
    for first in range(0, len(push), 1000):
        refs.watch(push[first : first + 1000])
    refs.watch(b"0000")
    assert refs.refused is None


def test_what_is_no_packet_is_gits_to_refuse() -> None:
    refs = RefLines()
    refs.watch(b"hello")
    refs.watch(b"x" * (2 * MOST_BYTES))
    assert refs.refused is None


@pytest.mark.parametrize("size", [1, 7, 1000])
@pytest.mark.parametrize("sign", [b"\n", b"\r", b"\x1b", b"\x7f"])
def test_a_name_that_would_be_two_lines_to_a_hook_is_refused_before_git_has_all_refs(
    sign: bytes, size: int
) -> None:
    line = LINE + sign + b"0" * 40 + b" HEAD:folder refs/heads/main\0report-status agent=git/2.47"
    push = PACKET + b"%04x%s" % (len(line) + 4, line)
    refs = RefLines()
    for first in range(0, len(push), size):
        assert refs.refused is None
        refs.watch(push[first : first + size])
    assert refs.refused is not None and refs.refused.reason == "ref-unseen"


def test_the_line_break_at_the_end_of_a_packet_and_what_comes_behind_a_nul_are_no_names() -> None:
    refs = RefLines()
    for line in (LINE + b"\n", LINE + b"\0 report-status side-band-64k\n", b"shallow " + b"1" * 40 + b"\n"):
        refs.watch(b"%04x%s" % (len(line) + 4, line))
    refs.watch(b"0000PACK\n\x1b")
    assert refs.refused is None
