"""The guides of docs/: what they link to is there, on a git host and on the portal's pages alike."""

from __future__ import annotations

import re
from pathlib import Path

import polib
import pytest
from portal.web.pages.help.document import anchors, links
from portal.web.pages.help.guides import LANGUAGES, addresses, file_name
from portal.web.pages.help.topics import TOPICS

from deployer.rollout.failure import MAY_NOT_WRITE

ROOT = Path(__file__).resolve().parents[3]
DOCS = ROOT / "docs"
FILES = sorted(addresses())


def written(file: str) -> str:
    return (DOCS / file).read_text(encoding="utf-8")


@pytest.mark.parametrize("file", FILES)
def test_what_a_guide_links_to_is_there(file: str) -> None:
    for link in links(written(file)):
        if link.startswith("http"):
            continue
        path, _, anchor = link.partition("#")
        target = (DOCS / path).resolve() if path else DOCS / file
        assert target.exists(), f"{file}: {link}"
        assert target.is_relative_to(ROOT), f"{file}: {link}"
        assert not anchor or anchor in anchors(target.read_text(encoding="utf-8")), f"{file}: {link}"


@pytest.mark.parametrize("name", [name for name, languages in LANGUAGES.items() if len(languages) > 1])
def test_a_guide_has_the_same_sections_in_every_language(name: str) -> None:
    """An anchor of the English one leads to the same section of the others: add a section to each of them."""
    english, *others = (outline(file_name(name, language)) for language in LANGUAGES[name])
    for other in others:
        assert other == english


def outline(file: str) -> list[int]:
    """The levels of the headings, in their order."""
    lines, inside = [], False
    for line in written(file).splitlines():
        inside ^= line.startswith("```")
        if line.startswith("#") and not inside:
            lines.append(line)
    return [len(line) - len(line.lstrip("#")) for line in lines]


def test_links_between_guides_stay_in_the_language_of_whoever_reads_on_a_git_host() -> None:
    for name, languages in LANGUAGES.items():
        for language in languages:
            for link in links(written(file_name(name, language))):
                file = link.partition("#")[0]
                if file in addresses() and file not in {file_name(name, each) for each in languages}:
                    other = next(each for each in LANGUAGES if file.startswith(f"{each}."))
                    wished = language if language in LANGUAGES[other] else "en"
                    assert file == file_name(other, wished), f"{file_name(name, language)}: {link}"


def test_every_topic_is_a_section_of_its_guide() -> None:
    for name, topic in TOPICS.items():
        assert topic.anchor in anchors(written(f"{topic.guide}.md")), name


def test_anchors_are_those_of_git_hosts() -> None:
    text = "# Title\n\n## madang.yaml\n\n## Who did that?\n\n### `make up`, again\n\n## 누가 그랬나요?\n"
    text += "\n## Keys\n\n## Keys\n"
    assert anchors(text) == ["madangyaml", "who-did-that", "make-up-again", "누가-그랬나요", "keys", "keys-1"]


@pytest.mark.parametrize("language", LANGUAGES["students"])
def test_the_errors_that_the_students_guide_quotes_are_what_madang_says(language: str) -> None:
    said = " ".join(
        text
        for file in (ROOT / "platform/portal").glob("*/locale/ko/LC_MESSAGES/*.po")
        for entry in polib.pofile(str(file))
        for text in (entry.msgid, entry.msgstr)
    )
    lines = written(file_name("students", language)).splitlines()
    head = next(number for number, line in enumerate(lines) if "*nothing answered on port" in line)
    first = next(number for number in range(head, 0, -1) if lines[number].startswith("|---")) + 1
    last = next(number for number in range(head, len(lines)) if not lines[number].startswith("|"))
    quotes = [quote for line in lines[first:last] for quote in re.findall(r"\*(.+?)\*", line.split(" | ")[0])]
    assert len(quotes) > 15
    for quote in quotes:
        # In place of what is filled in stand an ellipsis, a number, or a word as code.
        for piece in re.split(r"…|\d+|`[^`]+`", quote):
            assert piece in said or MAY_NOT_WRITE.search(quote), f"{quote}: nothing says {piece!r}"
