"""Which language a header asks for."""

from __future__ import annotations

import os

import django
import pytest

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup()

from portal.gitserver.address import GitRequest, Service  # noqa: E402 - words need Django's settings
from portal.gitserver.languages import _MOST, Languages  # noqa: E402
from portal.languages import preferred  # noqa: E402

REFS = GitRequest("club", "app", Service.PUSH, advertisement=True)
PACK = GitRequest("club", "app", Service.PUSH, advertisement=False)


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        # As git sends it: of LANG=ko_KR.UTF-8, LANGUAGE=ko:en, LANGUAGE=en:ko, LANG=C.UTF-8.
        ("ko-KR, *;q=0.9", "ko"),
        ("ko, en;q=0.9, *;q=0.8", "ko"),
        ("en, ko;q=0.9, *;q=0.8", "en"),
        ("C, *;q=0.9", "en"),
        ("KO-kr", "ko"),
        ("ko-Hang-KR", "ko"),
        ("en;q=0.3, ko;q=0.7", "ko"),
        ("ja, ko;q=0.8, en;q=0.5", "ko"),
        ("ja", "en"),
        ("*", "en"),
        ("*, ko", "en"),
        ("ko;q=0", "en"),
        ("fr, ko;q=0.000", "en"),
        ("ko;q=0, ko-KR", "ko"),
        ("ko;q=2", "en"),
        ("ko;q=x, en", "en"),
        ("korean", "en"),
        ("한국어", "en"),
        ("ko\r\nX-Injected: yes", "en"),
        (",,;;==", "en"),
        ("k" * 100_000, "en"),
        ("ko," + "ja," * 100_000, "ko"),
        ("ja," * 100_000 + "ko", "en"),
    ],
)
def test_a_header_asks_for_a_language(header: str, language: str) -> None:
    assert preferred(header) == language


def test_a_git_that_names_its_language_only_as_it_begins_is_remembered() -> None:
    languages = Languages()
    assert languages.of(PACK, "key", 1, "") == "en"
    assert languages.of(REFS, "key", 1, "ko-KR, *;q=0.9") == "ko"
    assert languages.of(PACK, "key", 1, "") == "ko"
    assert languages.of(PACK, "key", 1, "en") == "en"
    assert languages.of(PACK, "other", 1, "") == "en"
    assert languages.of(PACK, "key", 2, "") == "en"
    # The next push is another machine's.
    assert languages.of(REFS, "key", 1, "") == "en"
    assert languages.of(PACK, "key", 1, "") == "en"


def test_only_the_newest_are_remembered() -> None:
    languages = Languages()
    for project in range(_MOST + 1):
        languages.of(REFS, "key", project, "ko")
    assert languages.of(PACK, "key", 0, "") == "en"
    assert languages.of(PACK, "key", 1, "") == "ko"
