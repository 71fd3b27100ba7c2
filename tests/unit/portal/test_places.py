"""What those who wait are told."""

from __future__ import annotations

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup()

from portal.builds.places import Hold, Place, places  # noqa: E402 - words need Django's settings
from portal.builds.turns import AtWork, Line, Waiter  # noqa: E402

from tests.unit.portal.played_queue import START  # noqa: E402
from tests.unit.portal.test_turns import A, B, C, flood  # noqa: E402


def whys(line: Line, hold: Hold = Hold()) -> dict[int, Place]:  # noqa: B008 - frozen
    return {place.build: place for place in places(line, hold)}


def test_each_that_waits_is_told_why() -> None:
    line = Line(
        3,
        (Waiter(1, 9, A), Waiter(2, 102, A, put_off=True), Waiter(3, 103, B), Waiter(4, 104, C)),
        (AtWork(90, 9, A), AtWork(91, 201, B)),
        limits={B: 1},
    )
    assert {build: place.reason for build, place in whys(line).items()} == {
        1: "project-busy",
        2: "next-try",
        3: "club-full",
        4: "next",
    }
    assert whys(line)[3].what == "Your club has 1 build running already."


def test_who_is_before_is_told_apart_by_club_without_names() -> None:
    told = whys(Line(1, (*flood(A, 2), *flood(B, 3, first=11)), (AtWork(90, 9, C),)))
    assert told[1].what == "Waiting for a free builder; yours is next."
    assert told[11].what == "1 build of another club is before yours."
    assert told[2].what == "2 builds are before yours, 1 of them of your club."
    assert told[13].what == "4 builds are before yours, 2 of them of your club."


def test_a_queue_that_is_held_says_by_what() -> None:
    line = Line(1, flood(A, 1))
    assert whys(line, Hold(pause="we move house"))[1].what == (
        "The queue is paused by an operator: we move house"
    )
    assert whys(line, Hold(quiet_until=START))[1].reason == "registry"
