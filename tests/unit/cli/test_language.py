"""Which language the command asks the portal for."""

import pytest
from madang.language import header


@pytest.mark.parametrize(
    ("environment", "value"),
    [
        ({}, ""),
        ({"LANG": "ko_KR.UTF-8"}, "ko-KR"),
        ({"LANG": "ko_KR.eucKR@x"}, "ko-KR"),
        ({"LANG": "ko_KR.UTF-8", "LANGUAGE": "ko:en"}, "ko, en;q=0.9, ko-KR;q=0.8"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "ko_KR.UTF-8"}, "ko-KR"),
        ({"LANG": "ko_KR.UTF-8", "LC_ALL": "en_US.UTF-8"}, "en-US"),
        ({"LANG": "C"}, ""),
        ({"LANG": "C.UTF-8"}, ""),
        ({"LANG": "POSIX"}, ""),
        ({"LANG": "C", "LANGUAGE": "ko"}, ""),
        ({"LANG": "ko_KR.UTF-8", "LC_ALL": "C"}, ""),
        ({"LANG": "ko_KR.UTF-8", "LC_ALL": ""}, "ko-KR"),
        ({"LANG": "ko\r\nX-Injected: yes"}, ""),
        ({"LANG": "한국어"}, ""),
        ({"LANG": "de_DE", "LANGUAGE": "::" + "x" * 9 + ":ko"}, "ko, de-DE;q=0.9"),
        ({"LANG": "de_DE", "LANGUAGE": "fr:it:es:pt:ko:ja"}, "fr, it;q=0.9, es;q=0.8, pt;q=0.7, ko;q=0.6"),
    ],
)
def test_the_header_says_what_the_computer_is_set_to(environment: dict[str, str], value: str) -> None:
    assert header(environment) == value


def test_a_computer_without_variables_has_a_language_too() -> None:
    assert header({}, "ko_KR") == "ko-KR"
    assert header({"LANG": "C"}, "ko_KR") == ""
