"""A container's log comes in chunks that know nothing of lines."""

from __future__ import annotations

from itertools import islice, repeat

from deployer.kube.logs import MOST_LINE_BYTES, whole_lines


def test_lines_are_put_together_over_chunks() -> None:
    assert list(whole_lines([b"a", b"b\nc", b"\n", b"\nlast"])) == ["ab", "c", "", "last"]
    assert list(whole_lines([])) == []


def test_a_letter_that_is_cut_between_chunks_is_whole() -> None:
    text = "마당\n".encode()
    assert list(whole_lines([text[:1], text[1:]])) == ["마당"]


def test_of_a_line_without_an_end_only_its_beginning_is_kept() -> None:
    """Of a gigabyte as of a megabyte."""
    endless = islice(repeat(b"x" * 65536), 64)
    first, second = whole_lines([b"2026-01-01T00:00:00Z ", *endless, b"\nnext\n"])
    assert first.startswith("2026-01-01T00:00:00Z x")
    assert len(first) == MOST_LINE_BYTES
    assert second == "next"
