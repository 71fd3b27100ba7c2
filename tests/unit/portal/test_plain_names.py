"""Names that mails carry to others."""

from __future__ import annotations

import pytest
from portal.plain_names import checked, holds_a_link, in_sight, without_links
from portal.problems import Problem

NAMES = [
    "로봇 동아리",
    "St. Mary's Robotics Club",
    "St.Mary Robots",
    "Node.js & Vue.js",
    "J.R.R. Tolkien",
    "A/B testing, 24/7",
    "제3회 해커톤 (2026.11.29)",
    "Robots v2.0",
    "Café № 1: coding",
    "U.S.A. Club",
    "می\u200cخواهم",
    "👩\u200d💻 Coders",
    "C++ / C# club",
    "no.1 Robotics",
]
LINKS = [
    "http://evil.example",
    "HTTPS://x",
    "hxxp://evil",
    "ｈｔｔｐ：／／evil",
    "www.evil.example",
    "see WWW.evil",
    "evil.example/login",
    "a.com/",
    "evil.com",
    "Free prizes at prizes-4-you.co.kr now",
    "prizes。com",
    "evil\u200d.com",
    "mina@evil.org",
    "mailto:mina",
    "javascript:alert(1)",
    "10.0.0.1",
    "evil.example:8080/x",
    "xn--9t4b11yi5a.한국",
]


@pytest.mark.parametrize("name", NAMES)
def test_what_clubs_and_people_are_called_is_let_be(name: str) -> None:
    assert checked(name) == name
    assert without_links(name) == name


@pytest.mark.parametrize("name", LINKS)
def test_what_a_mail_program_makes_a_link_of_is_refused(name: str) -> None:
    with pytest.raises(Problem) as refused:
        checked(name)
    assert (refused.value.status, refused.value.explanation.reason) == (422, "name-with-link")


@pytest.mark.parametrize("name", LINKS)
def test_a_name_from_before_the_rule_comes_apart(name: str) -> None:
    assert not holds_a_link(without_links(name))


@pytest.mark.parametrize(
    "name", ["a\u202eb", "a\u200bb", "a\x00b", "a\x1b[1mb", "a\ue000b", "a\u3164", "\u2800", "\u200d \u200c"]
)
def test_what_nobody_sees_is_refused(name: str) -> None:
    with pytest.raises(Problem, match="nobody can see"):
        in_sight(name)


def test_a_name_is_one_line() -> None:
    assert checked(" Robots\r\nSubject: prizes\t now ") == "Robots Subject: prizes now"
