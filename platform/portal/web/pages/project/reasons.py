"""Why a release was made, in the reader's language: its description is kept as the log says it."""

from __future__ import annotations

import re

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

_REASONS: tuple[tuple[re.Pattern[str], Promise], ...] = (
    (re.compile(r"commit (?P<commit>\w+)"), gettext_lazy("a push")),
    (re.compile(r"build (?P<build>\d+) again.*"), gettext_lazy("build %(build)s again")),
    (re.compile(r"rollback to release (?P<number>\d+)"), gettext_lazy("back to release %(number)s")),
    (re.compile(r"restart of release (?P<number>\d+)"), gettext_lazy("restart of release %(number)s")),
    (
        re.compile(r"config (?P<names>.+) and (?P<more>\d+) more"),
        gettext_lazy("variables %(names)s and %(more)s more"),
    ),
    (re.compile(r"config (?P<names>.+)"), gettext_lazy("variables %(names)s")),
    (re.compile(r"address (?P<name>.+)"), gettext_lazy("another address: %(name)s")),
)


def reason_of(description: str) -> str:
    """As it is, if nothing here knows it."""
    for pattern, told in _REASONS:
        if found := pattern.fullmatch(description):
            return str(told) % found.groupdict()
    return description
