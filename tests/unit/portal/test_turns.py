"""Whose turn comes when, and that no club can hold up another's first push."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from portal.builds.turns import AtWork, Line, Waiter, starting, turns

from tests.unit.portal.played_queue import START, PlayedQueue, Push

A, B, C = 1, 2, 3


def order(line: Line) -> list[int]:
    return [turn.build for turn in turns(line)]


def flood(club: int, builds: int, first: int = 1) -> tuple[Waiter, ...]:
    """So many pushes of one club, each of a project of its own."""
    return tuple(Waiter(first + n, 100 * club + n, club) for n in range(builds))


def test_builds_of_one_club_start_in_the_order_of_their_pushes() -> None:
    assert order(Line(2, flood(A, 5))) == [1, 2, 3, 4, 5]


def test_two_clubs_take_turns() -> None:
    assert order(Line(1, (*flood(A, 3), *flood(B, 3, first=11)))) == [1, 11, 2, 12, 3, 13]


def test_the_club_with_fewer_builds_at_work_is_next() -> None:
    line = Line(3, (*flood(A, 2), *flood(B, 1, first=11)), (AtWork(90, 9, A), AtWork(91, 8, A)))
    assert starting(line) == [11]


def test_of_clubs_alike_the_one_that_was_served_longest_ago_is_next() -> None:
    served = {A: START + timedelta(hours=1), B: START}
    line = Line(1, (*flood(A, 1), *flood(B, 1, first=11), *flood(C, 1, first=21)), club_served=served)
    assert order(line) == [21, 11, 1]


def test_within_a_club_a_project_that_was_not_served_comes_first() -> None:
    waiting = (Waiter(1, 101, A), Waiter(2, 102, A))
    assert order(Line(1, waiting, project_served={101: START})) == [2, 1]


def test_a_club_at_its_limit_lets_others_pass_and_goes_on_when_one_ends() -> None:
    line = Line(4, (*flood(A, 2), *flood(B, 1, first=11)), (AtWork(90, 9, A),), limits={A: 1})
    assert starting(line) == [11]
    assert [(turn.build, turn.ends) for turn in turns(line)] == [(11, 0), (1, 1), (2, 3)]


def test_a_project_builds_one_commit_at_a_time() -> None:
    line = Line(2, (Waiter(1, 9, A), Waiter(2, 101, A)), (AtWork(90, 9, A),))
    assert starting(line) == [2]
    assert order(line) == [2, 1]


def test_what_jumped_comes_before_all_and_beyond_its_clubs_share() -> None:
    jumping = Waiter(3, 103, A, jumped_at=START)
    line = Line(3, (*flood(B, 2, first=11), jumping), (AtWork(90, 9, A),), limits={A: 1})
    assert order(line)[0] == 3
    later = Waiter(4, 104, A, jumped_at=START + timedelta(seconds=1))
    assert order(Line(3, (jumping, later))) == [4, 3]


def test_what_waits_for_its_next_try_holds_nobody_up() -> None:
    line = Line(2, (Waiter(1, 101, A, put_off=True), Waiter(2, 102, A)))
    assert starting(line) == [2]
    assert order(line) == [2, 1]


def test_nothing_starts_while_no_place_is_free() -> None:
    line = Line(1, flood(A, 2), (AtWork(90, 9, B),))
    assert starting(line) == []
    assert [turn.ends for turn in turns(line)] == [1, 2]


pushes = st.lists(
    st.builds(
        Push,
        at=st.integers(0, 60),
        club=st.integers(1, 4),
        project=st.integers(0, 5),
        lasts=st.integers(1, 30),
    ).map(lambda push: Push(push.at, push.club, 10 * push.club + push.project, push.lasts)),
    min_size=1,
    max_size=25,
).map(lambda found: sorted(found, key=lambda push: push.at))


@given(st.integers(1, 4), pushes, st.dictionaries(st.integers(1, 4), st.integers(1, 3)))
def test_every_build_starts_within_its_limits_and_no_place_stays_empty(
    count: int, found: list[Push], limits: dict[int, int]
) -> None:
    played = PlayedQueue(count, found, limits).play()
    for moment in sorted({*played.started.values(), *played.ended.values()}):
        at_work = [b for b, began in played.started.items() if began <= moment < played.ended[b]]
        clubs = Counter(found[build].club for build in at_work)
        projects = Counter(found[build].project for build in at_work)
        assert len(at_work) <= count
        assert max(projects.values(), default=0) <= 1
        assert all(clubs[club] <= limit for club, limit in limits.items())
        left = [
            build
            for build, began in played.started.items()
            if found[build].at <= moment < began
            and not projects[found[build].project]
            and clubs[found[build].club] < limits.get(found[build].club, count)
        ]
        assert not left or len(at_work) == count


@given(st.integers(1, 4), st.lists(st.integers(1, 60), min_size=20, max_size=40), st.integers(0, 400))
def test_a_clubs_first_push_takes_the_next_place_however_many_another_club_has_pushed(
    count: int, lasting: list[int], at: int
) -> None:
    many = [Push(0, A, 100 + number, lasts) for number, lasts in enumerate(lasting)]
    played = PlayedQueue(count, [*many, Push(at, B, 200, 10)]).play()
    first = len(many)
    free = [second for build, second in played.ended.items() if second >= at and build != first]
    busy = sum(began <= at < played.ended[build] for build, began in played.started.items() if build != first)
    assert played.started[first] == (at if busy < count else min(free))


@given(st.integers(1, 3), st.integers(2, 6), st.integers(5, 30), st.integers(1, 300))
def test_the_first_pushes_of_several_clubs_take_the_next_places_in_turn(
    count: int, clubs: int, builds: int, at: int
) -> None:
    many = [Push(0, A, 100 + number, 7 + number % 5) for number in range(builds)]
    firsts = [Push(at, A + 1 + number, 1000 + number, 9) for number in range(clubs)]
    played = PlayedQueue(count, [*many, *firsts]).play()
    starts = [played.started[builds + number] for number in range(clubs)]
    late = [played.started[build] for build in range(builds) if played.started[build] > at]
    assert starts == sorted(starts)
    # Whatever else of the flood started meanwhile, it was not while one of them waited for a place.
    assert not [second for second in late if second < max(starts)]


@given(st.integers(1, 3), st.lists(st.tuples(st.integers(1, 4), st.integers(0, 9)), min_size=1, max_size=20))
def test_the_order_that_is_shown_is_the_order_in_which_builds_of_equal_length_start(
    count: int, found: list[tuple[int, int]]
) -> None:
    given_pushes = [Push(0, club, 10 * club + project, 10) for club, project in found]
    shown = PlayedQueue(count, given_pushes).foretold(0)
    played = PlayedQueue(count, given_pushes).play()
    assert list(played.started) == shown
