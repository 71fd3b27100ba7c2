"""What is stored of a log line."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st
from portal.builds.masking import HIDDEN, Masker

from deployer.sentence import Sentence


def test_secrets_are_hidden_wherever_they_stand() -> None:
    masker = Masker(["hunter2-hunter2"], 4096)
    assert masker.line("x=hunter2-hunter2;hunter2-hunter2") == f"x={HIDDEN};{HIDDEN}"


def test_in_a_sentence_its_values_are_looked_through() -> None:
    command = Sentence("run {command}", command="login hunter2-hunter2\r\n")
    line = Masker(["hunter2-hunter2"], 4096).line(Sentence("release command: {doing}", doing=command))
    assert line == f"release command: run login {HIDDEN}"
    assert isinstance(line, Sentence)
    assert "hunter2" not in str(line.parts())


def test_short_values_stay_as_they_would_hide_the_log() -> None:
    assert Masker(["1", "debug"], 4096).line("debug 1") == "debug 1"


def test_a_secret_that_holds_another_is_hidden_whole() -> None:
    assert Masker(["password", "password-and-more"], 4096).line("password-and-more") == HIDDEN


def test_each_line_of_a_value_is_hidden() -> None:
    masker = Masker(["-----BEGIN KEY\nabcdefghijkl\n"], 4096)
    assert masker.line("abcdefghijkl") == HIDDEN


def test_half_a_secret_is_not_left_at_the_cut() -> None:
    text = "x" * 290 + "topsecret-value"
    assert "topsec" not in Masker(["topsecret-value"], 300).line(text)


def test_only_the_last_state_of_a_progress_bar_is_kept() -> None:
    assert Masker([], 4096).line("10%\r50%\r100%\r\n") == "100%"


def test_colours_and_tabs_stay_other_control_characters_go() -> None:
    assert Masker([], 4096).line("\x1b[31ma\tb\x00\x07") == "\x1b[31ma\tb"


def test_a_text_keeps_its_lines_each_as_one_of_the_log() -> None:
    masker = Masker(["topsecret-value"], 300)
    assert masker.text("a topsecret-value\n\x00b") == f"a {HIDDEN}\nb"
    assert [len(line.encode()) for line in masker.text("x" * 999 + "\n").split("\n")] == [300, 0]


def test_control_characters_within_a_secret_do_not_bring_it_through() -> None:
    assert Masker(["topsecret-value"], 4096).line("topsecret\x00-value") == HIDDEN


def test_a_file_of_very_many_secrets_is_hidden_too() -> None:
    lines = [f"{'ab'[number % 2]}aaaaaaa{number:05d}" for number in range(20_000)]
    masker = Masker(["\n".join(lines)], 4096)
    assert (
        masker.line(f"{lines[7]} and {lines[19_999]}, not aaaaaaaa1")
        == f"{HIDDEN} and {HIDDEN}, not aaaaaaaa1"
    )
    assert masker.line("a" * 65536) == "a" * 4093 + "…"


@given(
    st.lists(st.text("ab]^-", min_size=6, max_size=12), max_size=6),
    st.text("ab]^-", max_size=60),
    st.booleans(),
)
def test_what_is_hidden_is_the_leftmost_and_of_those_the_longest(
    secrets: list[str], text: str, cut: bool
) -> None:
    longest_first = sorted({each for each in secrets if len(each) >= 8}, key=len, reverse=True)
    pattern = "|".join(map(re.escape, longest_first))
    hidden = re.sub(pattern, HIDDEN, text) if pattern else text
    if cut and len(hidden) > 20:
        assert Masker(secrets, 20).line(text) == hidden[:17] + "…"
    else:
        assert Masker(secrets, 4096).line(text) == hidden


@given(st.text(), st.integers(256, 512))
def test_every_line_can_be_stored(text: str, limit: int) -> None:
    stored = Masker([], limit).line(text)
    assert len(stored.encode()) <= limit
    assert "\x00" not in stored
