"""Why nothing answers at a project's address."""

from __future__ import annotations

import pytest
from portal.absence.kinds import Absence, absence


@pytest.mark.parametrize(
    ("live", "halted", "suspended", "at_work", "kind"),
    [
        (False, False, False, False, Absence.NOT_YET),
        (False, False, False, True, Absence.STARTING),
        (True, False, False, False, Absence.UNREACHABLE),
        (True, False, False, True, Absence.STARTING),
        (True, True, False, False, Absence.STARTING),
        (False, True, False, False, Absence.NOT_YET),
        (True, True, True, False, Absence.STOPPED),
        (True, False, True, True, Absence.STOPPED),
        (False, False, True, False, Absence.STOPPED),
    ],
)
def test_why_nothing_answers(live: bool, halted: bool, suspended: bool, at_work: bool, kind: Absence) -> None:
    assert absence(live=live, halted=halted, suspended=suspended, at_work=at_work) is kind
