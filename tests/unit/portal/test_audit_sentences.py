"""Every action that the audit log holds is read as a sentence, in the reader's language."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from pathlib import Path

import django
import pytest

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup()

from portal.accounts.models import AuditEntry  # noqa: E402 - models need Django's settings
from portal.web.pages.club.words import deed, sentence  # noqa: E402

PORTAL = Path(__file__).resolve().parents[3] / "platform/portal"


def recorded() -> Iterator[str]:
    """What is handed to `audit.record` as the action, and to the admin's own `_record`."""
    for path in sorted(PORTAL.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or len(node.args) < 2:
                continue
            if ast.unparse(node.func) not in {"audit.record", "self._record"}:
                continue
            words = (each.value for each in ast.walk(node.args[1]) if isinstance(each, ast.Constant))
            yield from (word for word in words if isinstance(word, str))


ACTIONS = sorted(set(recorded()))


def test_the_actions_are_found() -> None:
    assert {"create_operator", "create_person", "push", "admin_change"} <= set(ACTIONS)


@pytest.mark.parametrize("action", ACTIONS)
def test_every_action_is_read_as_a_sentence(action: str) -> None:
    assert sentence(AuditEntry(action=action)) != action.replace("_", " ")


@pytest.mark.parametrize("action", ACTIONS)
def test_an_action_is_chosen_from_a_list_by_its_sentence(action: str) -> None:
    assert deed(action) != action.replace("_", " ")
    assert "%(" not in deed(action)


def test_a_choice_says_what_was_done_whomever_it_was_done_to() -> None:
    assert deed("cancel_build") == "cancelled build … of …"
    assert deed("change_role") == "changed a role"
    assert deed("of_an_older_version") == "of an older version"
