"""Colours become classes, nothing else of an escape sequence comes through."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st
from portal.web.pages.project.ansi import MOST_PARTS, Part, parts, plain

CLASSES = re.compile(r"(?:ansi-[a-z]+(?: ansi-[a-z]+)*)?")
TERMINAL = st.lists(
    st.one_of(
        st.text(max_size=10),
        st.sampled_from(
            ["\x1b[31m", "\x1b[1;92m", "\x1b[0m", "\x1b[m", "\x1b[38;5;9m", "\x1b[48;2;1;2;3m", "\x1b[39m"]
        ),
        st.sampled_from(
            ["\x1b[2K", "\x1b[1A", "\x1b]0;title\x07", "\x1b]8;;http://a\x1b\\", "\x1b(B", "\x1b"]
        ),
    )
).map("".join)


def test_colours_and_styles_are_classes_until_they_end() -> None:
    assert parts("a \x1b[1;31mb\x1b[22mc\x1b[0md") == [
        Part("", "a "),
        Part("ansi-bold ansi-red", "b"),
        Part("ansi-red", "c"),
        Part("", "d"),
    ]


def test_bright_colours_are_the_same_and_the_default_ends_them() -> None:
    assert parts("\x1b[94mx\x1b[39my") == [Part("ansi-blue", "x"), Part("", "y")]


def test_the_numbers_of_other_colours_are_no_codes() -> None:
    assert parts("\x1b[38;5;1mx") == [Part("", "x")]
    assert parts("\x1b[48;2;31;32;33;4mx") == [Part("ansi-underline", "x")]


def test_cursors_titles_and_links_are_left_out() -> None:
    assert plain("\x1b[2K\x1b]0;evil\x07a\x1b]8;;http://x\x1b\\b\x1b(Bc") == "abc"


def test_a_line_without_any_is_one_part() -> None:
    assert parts("<b>&") == [Part("", "<b>&")]
    assert parts("") == []


def test_a_line_that_changes_its_look_all_the_time_ends_in_one_look() -> None:
    line = "\x1b[31ma\x1b[32mb" * 300
    found = parts(line)
    assert len(found) == MOST_PARTS
    assert "".join(part.text for part in found) == plain(line)
    assert found[:2] == [Part("ansi-red", "a"), Part("ansi-green", "b")]


@given(TERMINAL)
def test_parts_are_the_plain_line_and_their_classes_are_ours(line: str) -> None:
    found = parts(line)
    assert "".join(part.text for part in found) == plain(line)
    assert all(CLASSES.fullmatch(part.classes) for part in found)
    assert "\x1b" not in plain(line)
