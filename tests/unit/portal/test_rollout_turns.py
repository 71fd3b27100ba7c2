"""Whose rollout is next within a club, and what those whose turn is later are told."""

from __future__ import annotations

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup()

from portal.releases.turns import Line, Wait  # noqa: E402 - models need Django's settings


def test_the_oldest_take_the_places_that_are_free() -> None:
    line = Line(places=4, busy=2, waiting=(7, 8, 9))
    assert line.next_waiting == (7, 8)
    assert list(line.held) == [Wait(9, running=2, before=0)]


def test_projects_that_come_back_go_before_rollouts() -> None:
    line = Line(places=4, busy=1, returning=(1, 2), waiting=(7, 8, 9))
    assert line.next_returning == (1, 2)
    assert line.next_waiting == (7,)
    assert [wait.before for wait in line.held] == [2, 3]
    assert Line(places=2, returning=(1, 2, 3), waiting=(7,)).next_waiting == ()


def test_fewer_places_than_are_taken_start_nothing() -> None:
    line = Line(places=1, busy=4, returning=(1,), waiting=(7,))
    assert (line.next_returning, line.next_waiting) == ((), ())


def test_who_waits_is_told_for_what() -> None:
    assert Wait(9, running=4, before=0).what == "It waits for rollouts of your own club: 4 are under way."
    assert Wait(9, running=1, before=1).what == (
        "It waits for rollouts of your own club: 1 is under way. 1 more is before this one."
    )
