"""What the deployer and the actions say in English, in the language that is active."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext

from deployer.errors import Explanation
from deployer.sentence import Sentence


def translated(text: str) -> str:
    """A sentence by its template, any other text as it stands; English where nothing else is known of it."""
    if isinstance(text, Sentence):
        return text.told(gettext)
    return gettext(text) if text else ""


def spoken(text: str) -> str:
    """A sentence by its template; any other text was written by a builder or an app, and stays."""
    return translated(text) if isinstance(text, Sentence) else text


def explained(told: Explanation | Mapping[str, Any]) -> Explanation:
    """An explanation, or one as it is stored. Evidence stays as it is unless it is a sentence."""
    given = told if isinstance(told, Explanation) else Explanation.from_dict(told)
    return Explanation(given.reason, translated(given.what), spoken(given.evidence), translated(given.next))


def what_happened(stored: Mapping[str, Any] | None) -> str:
    """The first line alone of what is stored; empty: nothing is."""
    return explained(stored).what if stored else ""


def in_one_line(explanation: Explanation) -> str:
    """What happened and what to do, for a field or a message."""
    told = explained(explanation)
    return f"{told.what} {told.next}".strip()
