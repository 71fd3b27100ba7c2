"""Whatever is slow, lost or late: nobody is unserved before the last moment, and every pod leaves."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.spot.handoff.objects import NOW
from tests.unit.spot.handoff.world import World

WORLDS = st.builds(
    lambda desired, ends, grace: World(
        desired,
        [f"doomed-{number}" for number in range(len(ends))] + ["stays"],
        {f"doomed-{number}": NOW + timedelta(seconds=end) for number, end in enumerate(ends)},
        grace,
    ),
    st.integers(1, 5),
    st.lists(st.integers(30, 90), min_size=1, max_size=3),
    st.sampled_from([0, 3, 30]),
)


@settings(max_examples=40)
@given(WORLDS, st.randoms(use_true_random=False), st.floats(0.05, 1), st.floats(0, 1), st.floats(0.1, 1))
def test_nobody_is_missed_before_the_last_moment(
    world: World, luck: object, arrives: float, ready: float, listed: float
) -> None:
    odds = {"arrives": arrives, "ready": ready, "listed": listed, "ends": 0.5}
    last = max(world.deadlines.values())
    while world.now < last:
        world.second(lambda what: luck.random() < odds[what])  # type: ignore[attr-defined]
        if world.before_the_last_moment():
            assert world.serving >= world.desired
    assert not world.on_doomed


@settings(max_examples=20)
@given(WORLDS)
def test_when_all_goes_well_every_pod_has_left_before_its_nodes_end(world: World) -> None:
    least = world.desired
    while world.on_doomed:
        world.second(lambda what: True)
        least = min(least, world.serving)
    assert world.killed == 0
    assert least == world.desired
    assert world.serving == world.desired


@settings(max_examples=20)
@given(WORLDS, st.randoms(use_true_random=False), st.integers(0, 25))
def test_a_handler_that_starts_anew_decides_what_the_last_one_would_have(
    world: World, luck: object, seconds: int
) -> None:
    for _ in range(seconds):
        world.second(lambda what: luck.random() < 0.6)  # type: ignore[attr-defined]
    assert world.actions() == world.actions()


@settings(max_examples=20)
@given(WORLDS, st.randoms(use_true_random=False))
def test_while_replacements_never_get_ready_the_old_pods_serve_until_the_last_moment(
    world: World, luck: object
) -> None:
    last = max(world.deadlines.values())
    while world.now < last:
        world.second(lambda what: what != "ready" and luck.random() < 0.8)  # type: ignore[attr-defined]
        if world.before_the_last_moment():
            assert world.serving == world.desired
    assert not world.on_doomed
