"""Text of a .env file."""

from __future__ import annotations

import pytest
from portal.problems import Problem
from portal.projects.envfile import read_env


def test_names_values_comments_quotes_and_export() -> None:
    text = "# a comment\n\nA=1\nexport B='two words'\nC=\"a\\nb\"\nD=${A}/x\nE=\nF=a#b # c\n"
    assert read_env(text) == {"A": "1", "B": "two words", "C": "a\nb", "D": "${A}/x", "E": "", "F": "a#b"}


def test_the_last_of_a_name_counts_and_a_mark_of_the_encoding_does_not() -> None:
    assert read_env("\ufeffA=1\r\nA=2\r\n") == {"A": "2"}


@pytest.mark.parametrize(
    ("text", "line"), [("A=1\n\n# x\nnonsense here\n", 4), ("A='open\n", 1), ("JUST_A_NAME", 1)]
)
def test_a_line_that_is_none_is_named_without_what_it_holds(text: str, line: int) -> None:
    with pytest.raises(Problem) as refused:
        read_env(text)
    assert f"Line {line} " in refused.value.explanation.what
    assert "nonsense" not in str(refused.value.explanation)


def test_nothing_is_nothing() -> None:
    assert read_env("") == read_env("\n# nothing\n") == {}
