"""Why a pod left a gap is told in words, whichever reason the spot handler has."""

from __future__ import annotations

import ast
import inspect
import os
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import django
import pytest

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup()

from portal.fleet.reasons import in_words  # noqa: E402 - words need Django's settings
from portal.notifications.wording import Told, message  # noqa: E402

from spot.handoff import group, way  # noqa: E402

_REASON = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
# The key under which a kubelet's own word is found.
_NO_REASON = {"reason"}


def given(function: Callable[..., object]) -> Iterator[str]:
    """The machine's words that stand in what it returns."""
    for node in ast.walk(ast.parse(inspect.getsource(function))):
        if isinstance(node, ast.Return):
            texts = [each.value for each in ast.walk(node) if isinstance(each, ast.Constant)]
            yield from (each for each in texts if isinstance(each, str) and _REASON.fullmatch(each))


KNOWN = {"not-opted-in", "not-detached", "replacement-late", "ImagePullBackOff", "CrashLoopBackOff"}
for each in (way._not_beside_itself, way._without_deployment, group._held_up):
    KNOWN |= set(given(each)) - _NO_REASON


def test_the_handlers_reasons_are_found() -> None:
    assert {"volume", "recreate", "statefulset", "unmanaged", "quota", "refused", "no-room"} <= KNOWN


@pytest.mark.parametrize("reason", sorted(KNOWN))
def test_every_reason_of_the_handler_has_words(reason: str) -> None:
    assert in_words(reason) != reason


def test_a_word_that_nobody_knows_stays() -> None:
    assert in_words("CreateContainerConfigError") == "CreateContainerConfigError"
    assert in_words("") == ""


def test_a_club_is_told_of_a_gap_in_words() -> None:
    data = {"seconds": 7.4, "reason": "no-room", "node": "spot-1"}
    told = Told("gap", datetime(2026, 11, 25, tzinfo=UTC), "chess", "blog", data)
    assert "Why: no node has room for its replacement" in message(told).lines
    unknown = message(Told("gap", told.at, "chess", "blog", {}))
    assert not any(line.startswith("Why:") for line in unknown.lines)
