"""The guides: which there are, in which languages, and each as its page shows it, made once per process."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.conf import settings

from portal.environment import environment
from portal.web.pages.help.document import Document, document

FOR_ALL = ("students", "owners")
FOR_OPERATORS = ("operators", "images")
LANGUAGES = {"students": ("en", "ko"), "owners": ("en", "ko"), "operators": ("en",), "images": ("en",)}
"""What each is written in: `NAME.md` is English, `NAME.ko.md` Korean."""


@dataclass(frozen=True)
class Guide:
    """`language` is the guide's, which is not the reader's where there is none in that."""

    name: str
    language: str
    document: Document

    @property
    def address(self) -> str:
        return f"/help/{self.name}"


@cache
def guide(name: str, language: str) -> Guide:
    """The guide for a reader of `language`."""
    written = language if language in LANGUAGES[name] else "en"
    text, english = (_read(name, each) for each in (written, "en"))
    if name in FOR_ALL:
        text = _of_here(text)
    return Guide(name, written, document(text, english=english, addresses=addresses(), language=language))


def file_name(name: str, language: str) -> str:
    return f"{name}.md" if language == "en" else f"{name}.{language}.md"


def addresses() -> dict[str, str]:
    """Where the page of each file is. The languages of a guide have one page, which goes by its reader."""
    return {
        file_name(name, language): f"/help/{name}"
        for name, languages in LANGUAGES.items()
        for language in languages
    }


def _read(name: str, language: str) -> str:
    return (Path(settings.GUIDES) / file_name(name, language)).read_text(encoding="utf-8")


def _of_here(text: str) -> str:
    """With this Madang's addresses in place of those of the embedded cluster, to copy as they are."""
    here = environment()
    return (
        text.replace("http://git.madang.localhost:8000", here.git_url)
        .replace("http://lunch-menu.madang.localhost:8000", here.app_url.format(subdomain="lunch-menu"))
        .replace("http://madang.localhost:8000", here.public_url)
    )
