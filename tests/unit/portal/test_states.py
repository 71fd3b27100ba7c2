"""State machines: only the listed steps, and no way out of an end."""

from __future__ import annotations

import pytest
from portal.states import ForbiddenTransition, machine

DOOR = machine("door", open="shut", shut="open locked", locked="")


def test_a_listed_step_may_be_taken() -> None:
    DOOR.check("open", "shut")


@pytest.mark.parametrize(("old", "new"), [("open", "locked"), ("locked", "open"), ("gone", "open")])
def test_any_other_step_is_forbidden(old: str, new: str) -> None:
    with pytest.raises(ForbiddenTransition, match=f"from {old} to {new}"):
        DOOR.check(old, new)


def test_terminal_states_are_those_that_nothing_follows_and_the_others_are_open() -> None:
    assert DOOR.terminal == {"locked"}
    assert DOOR.open == {"open", "shut"}


def test_before_names_the_states_that_lead_to_one() -> None:
    assert DOOR.before("shut") == {"open"}
    assert DOOR.before("locked") == {"shut"}
