"""Everything that the pages say, they say in Korean too."""

from __future__ import annotations

import re

import polib
import pytest

from tests.integration.portal.sentences import sentences
from tests.integration.portal.words import PORTAL, catalogues, korean, said

_PLACES = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w+\}")


def test_every_text_has_its_korean() -> None:
    known = korean()
    missing = {f"{each.where}: {each.text}" for each in said() if each.text and each.key not in known}
    assert not missing, "\n".join(sorted(missing))


def test_every_explanation_has_its_korean() -> None:
    """A text with something filled in is a Sentence; one that is not cannot be told in another language."""
    known, found = korean(), sentences()
    faults = {f"{each.where}: {each.fault}: {each.text}" for each in found if each.fault}
    assert not faults, "\n".join(sorted(faults))
    missing = {f"{each.where}: {each.text}" for each in found if (None, each.text) not in known}
    assert not missing, "\n".join(sorted(missing))


@pytest.mark.parametrize("path", catalogues(), ids=lambda path: str(path.relative_to(PORTAL)))
def test_a_catalogue_is_whole(path: object) -> None:
    """No empty or doubtful entry, and the same places to fill in as in the English text."""
    for entry in polib.pofile(str(path)):
        told = list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]
        assert all(told), entry.msgid
        assert not entry.fuzzy, entry.msgid
        wanted = set(_PLACES.findall(entry.msgid_plural or entry.msgid))
        for text in told:
            assert set(_PLACES.findall(text)) <= wanted, entry.msgid
            # A number may go without saying in one of them; a name may not.
            assert wanted - set(_PLACES.findall(text)) <= {"%(n)d", "%(n)s", "%(count)s"}, entry.msgid


def test_one_text_has_one_korean() -> None:
    """The catalogues become one: of two translations of a text only one would be seen."""
    first: dict[tuple[str | None, str], tuple[str, str]] = {}
    apart = []
    for path in catalogues():
        for entry in polib.pofile(str(path)):
            told = str(entry.msgstr_plural or entry.msgstr)
            known, where = first.setdefault((entry.msgctxt, entry.msgid), (told, path.parts[-5]))
            if known != told:
                apart.append(f"{entry.msgid!r}: {known} ({where}), {told} ({path.parts[-5]})")
    assert not apart, "\n".join(apart)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("running", "Running"),
        ("failed", "Failed"),
        ("cancelled", "Cancelled"),
        ("superseded", "Replaced by a newer one"),
        ("live", "Live"),
        ("queued", "Waiting"),
        ("Action", "action"),
    ],
)
def test_one_state_has_one_word(text: str, same: str) -> None:
    """Beside each other on one page, or on two that tell of one thing."""
    known = korean()
    assert known[None, text].msgstr == known[None, same].msgstr


def test_korean_quotes_with_the_same_marks_everywhere() -> None:
    other = [
        entry.msgid
        for path in catalogues()
        for entry in polib.pofile(str(path))
        if set("“”") & set(entry.msgstr + "".join(entry.msgstr_plural.values()))
    ]
    assert not other, "\n".join(other)
