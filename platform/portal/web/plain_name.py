"""A form's field for a name that others read in mails."""

from __future__ import annotations

from django.core.exceptions import ValidationError

from portal.plain_names import checked
from portal.problems import Problem
from portal.translating import in_one_line


def plain_name(text: str) -> str:
    """The name in one line. Raises ValidationError."""
    try:
        return checked(text)
    except Problem as error:
        raise ValidationError(in_one_line(error.explanation)) from error
