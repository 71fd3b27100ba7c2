"""English sentences that remember what they were made of, so that a page can tell them in any language."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Self

_PLACE = re.compile(r"\{(\w+)\}")


class Sentence(str):
    """A template in which `{name}` stands for a value; as text it is the English sentence.

    A value is a text that means the same in every language (a name, a line of a log), a number, or a Sentence
    of its own.
    """

    template: str
    values: Mapping[str, str | int]

    def __new__(cls, template: str, /, **values: str | int) -> Self:
        made = super().__new__(cls, _filled(template, values))
        made.template, made.values = template, values
        return made

    @classmethod
    def of(cls, text: str) -> Sentence:
        """The text itself, or as a sentence without values; for one that becomes a part of another."""
        return text if isinstance(text, Sentence) else cls(text)

    @classmethod
    def from_parts(cls, parts: Iterable[Any]) -> Sentence:
        """What `parts` gave."""
        template, values = parts
        return cls(
            template,
            **{
                name: cls.from_parts(value) if isinstance(value, list) else value
                for name, value in values.items()
            },
        )

    def parts(self) -> list[Any]:
        """As JSON: the template, and the values by name, those that are sentences likewise."""
        values = self.values.items()
        return [
            self.template,
            {name: value.parts() if isinstance(value, Sentence) else value for name, value in values},
        ]

    def each(self, change: Callable[[str], str]) -> Sentence:
        """The same sentence with each text among its values changed."""
        return Sentence(
            self.template, **{name: _changed(value, change) for name, value in self.values.items()}
        )

    def told(self, translate: Callable[[str], str]) -> str:
        """In another language, whose template for an English one `translate` gives."""
        values = {
            name: value.told(translate) if isinstance(value, Sentence) else value
            for name, value in self.values.items()
        }
        return _filled(translate(self.template), values)


def joined(between: str, texts: Iterable[str]) -> str:
    """The texts with `between` in between; a Sentence if one of them is, else plain."""
    parts = list(texts)
    if not any(isinstance(each, Sentence) for each in parts):
        return between.join(parts)
    values = {f"part{number}": each for number, each in enumerate(parts)}
    return Sentence(between.join(f"{{{name}}}" for name in values), **values)


def lines_of(text: str) -> list[str]:
    """The lines of a text; of a Sentence each is one too, unless it is nothing but a plain value."""
    if not isinstance(text, Sentence):
        return text.splitlines()
    lines: list[str] = []
    for template in text.template.split("\n"):
        place = _PLACE.fullmatch(template)
        value = text.values.get(place[1]) if place else None
        lines += lines_of(value) if isinstance(value, str) else [Sentence(template, **text.values)]
    return lines


def _filled(template: str, values: Mapping[str, str | int]) -> str:
    """Once, whatever the values hold; a place without a value stays as it is written."""
    return _PLACE.sub(lambda place: str(values.get(place[1], place[0])), template)


def _changed(value: str | int, change: Callable[[str], str]) -> str | int:
    if isinstance(value, Sentence):
        return value.each(change)
    return change(value) if isinstance(value, str) else value
