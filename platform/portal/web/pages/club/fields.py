"""Fields whose choices are known only with the club, and such as take a text to the letter."""

from __future__ import annotations

from collections.abc import Iterable

from django import forms

# No browser or phone shall mend what is typed.
TO_THE_LETTER = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}


def offer(form: forms.Form, name: str, choices: Iterable[tuple[str, str]]) -> None:
    """Fills a ChoiceField of the form."""
    field = form.fields[name]
    if not isinstance(field, forms.ChoiceField):
        raise TypeError(f"{name} offers no choices")
    field.choices = list(choices)
