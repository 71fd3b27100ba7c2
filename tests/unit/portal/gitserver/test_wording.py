"""How log entries look in a pusher's terminal."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import django
import pytest

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup()

from portal.gitserver.wording import Entry, duration, entries, plain, refusal  # noqa: E402 - words need Django's settings

from deployer.errors import Explanation  # noqa: E402

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def test_the_platforms_words_open_a_section_and_the_rest_stands_under_it() -> None:
    shown = entries(
        [
            Entry("platform", NOW, "Build 4: commit 1234567 of main"),
            Entry("platform", NOW, "requirements.txt, so Python 3.12"),
            Entry("build", NOW, "Collecting flask"),
            Entry("platform", NOW + timedelta(seconds=9), "Rolling out release 2"),
            Entry("rollout", NOW + timedelta(seconds=9), "1 of 2 ready"),
        ],
        None,
    )
    assert shown.split("\n") == [
        "-----> Build 4: commit 1234567 of main",
        "       requirements.txt, so Python 3.12",
        "       Collecting flask",
        "-----> Rolling out release 2",
        "       1 of 2 ready",
    ]


def test_a_batch_goes_on_where_the_last_one_ended() -> None:
    assert entries([Entry("platform", NOW, "and more")], Entry("platform", NOW, "x")) == "       and more"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07text", "text"),
        ("10%\r50%\r100%\r\n", "100%"),
        ("\r\r", ""),
        ("bell\x07 null\x00", "bell null"),
        ("\x9b31mred", "31mred"),
        ("a\tb  ", "a   b"),
        ("한글", "한글"),
    ],
)
def test_a_line_cannot_play_with_the_terminal(text: str, shown: str) -> None:
    assert plain(text) == shown


def test_a_refusal_has_its_reason_first() -> None:
    lines = refusal(Explanation("x", "No.", "line 3", "Do this.")).split("\n")
    assert lines == ["", "-----> Refused: No.", "         line 3", "       Do this.", ""]


def test_what_a_refusal_quotes_opens_no_section_and_does_not_play_with_the_terminal() -> None:
    named = "docs/\x1b]0;title\x07\x1b[2Ja\n-----> Live: http://elsewhere.example"
    lines = refusal(Explanation("x", f"{named} is a link.", "\x9b31mline", "Do this.")).split("\n")
    assert lines == [
        "",
        "-----> Refused: docs/a",
        "       -----> Live: http://elsewhere.example is a link.",
        "         31mline",
        "       Do this.",
        "",
    ]


def test_a_duration_is_short() -> None:
    assert (duration(5.9), duration(65)) == ("5 s", "1 min 05 s")
