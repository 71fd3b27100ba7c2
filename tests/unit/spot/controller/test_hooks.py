"""A group's lifecycle hook is held open while pods move, until the node is clear or its time is up."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, cast

import pytest

from spot import doomed_node
from spot.controller.hooks import Hooks
from spot.controller.intake import Intake
from spot.errors import TemporaryError
from spot.interruption import Interruption, Kind, LifecycleHook, Notice
from spot.kube import Cache
from spot.plan import Policy
from tests.unit.spot.handoff.objects import NOW, a_node

TOLD = LifecycleHook("spot-nodes", "drain", "token")
FOUND = LifecycleHook("spot-nodes", "drain", "")
END = Interruption(
    "int-1", "i-1", Kind.ASG_TERMINATE, NOW, NOW + timedelta(minutes=5), ("sqs",), hooks=(TOLD,)
)


class Groups:
    """Auto Scaling as the handler asks it; the instance's one hook waits two minutes."""

    def __init__(self) -> None:
        self.beats: list[LifecycleHook] = []
        self.completed: list[LifecycleHook] = []
        self.in_trouble = False

    def hooks(self, instance_id: str) -> tuple[LifecycleHook, ...]:
        return (FOUND,)

    def timeout_seconds(self, hook: LifecycleHook) -> int | None:
        return 120 if hook.hook == "drain" else None

    def heartbeat(self, hook: LifecycleHook, instance_id: str) -> bool:
        self.beats.append(hook)
        return True

    def complete(self, hook: LifecycleHook, instance_id: str) -> bool:
        if self.in_trouble:
            raise TemporaryError("AWS is away")
        if hook.hook == "removed":
            raise TemporaryError("there is no such hook")
        self.completed.append(hook)
        return True


class AtOnce:
    """Work that is done as it is submitted; what fails is left for the next look."""

    def submit(self, key: tuple[str, str], do: Any, *_: Any, **__: Any) -> bool:
        try:
            do()
        except TemporaryError:
            return False
        return True


class Scene:
    def __init__(self, end: Interruption = END, *, groups: bool = True) -> None:
        self.groups, self.cache, self.end, self._version = Groups(), Cache(cast("Any", None)), end, 1
        self.hooks = Hooks(self.cache, cast("Any", AtOnce()), cast("Any", self.groups if groups else None))
        self.stand()

    def stand(self, clear_at: datetime | None = None, provider_id: str = "aws:///local-a/i-1") -> None:
        """The Node as its interruption stands on it."""
        self._version += 1
        node: dict[str, Any] = copy.deepcopy(a_node("doomed"))
        node["metadata"] |= {"resourceVersion": str(self._version), "annotations": {}}
        node["spec"]["providerID"] = provider_id
        fenced = doomed_node.fence(node, self.end, moves=True, now=NOW)
        node["metadata"]["annotations"] = fenced["metadata"]["annotations"]
        state = doomed_node.read(node)
        assert state is not None
        marked = doomed_node.mark(node, replace(state, clear_at=clear_at))
        node["metadata"]["annotations"] = marked["metadata"]["annotations"]
        self.cache.put("Node", node)


def test_the_group_waits_while_pods_move_and_goes_on_once_when_all_have_left() -> None:
    scene = Scene()
    scene.hooks.look(NOW)
    assert (scene.groups.beats, scene.groups.completed) == ([TOLD], [])
    scene.stand(clear_at=NOW)
    for _ in range(3):
        scene.hooks.look(NOW)
    assert (scene.groups.beats, scene.groups.completed) == ([TOLD], [TOLD])


def test_each_hook_of_a_group_is_answered_also_one_that_is_told_after_the_first_was() -> None:
    other = replace(TOLD, hook="logs")
    scene = Scene(replace(END, hooks=(TOLD, other)))
    scene.hooks.look(NOW)
    assert scene.groups.beats == [TOLD, other]
    late = Scene()
    late.stand(clear_at=NOW)
    late.hooks.look(NOW)
    assert late.groups.completed == [TOLD]
    late.end = replace(END, hooks=(TOLD, other))
    late.stand(clear_at=NOW)
    for _ in range(2):
        late.hooks.look(NOW)
    # That the first had gone on already is no error.
    assert late.groups.completed == [TOLD, TOLD, other]


def test_a_hook_that_cannot_be_answered_keeps_no_other_one_waiting() -> None:
    scene = Scene(replace(END, hooks=(replace(TOLD, hook="removed"), TOLD)))
    scene.stand(clear_at=NOW)
    scene.hooks.look(NOW)
    assert scene.groups.completed == [TOLD]


def test_it_goes_on_at_the_nodes_end_whatever_still_stands_there() -> None:
    scene = Scene()
    scene.hooks.look(NOW + timedelta(minutes=5))
    assert (scene.groups.beats, scene.groups.completed) == ([], [TOLD])


def test_it_is_told_again_until_it_has_heard() -> None:
    scene = Scene()
    scene.stand(clear_at=NOW)
    scene.groups.in_trouble = True
    scene.hooks.look(NOW)
    scene.groups.in_trouble = False
    scene.hooks.look(NOW)
    assert scene.groups.completed == [TOLD]


def test_a_hook_that_the_notice_does_not_tell_is_asked_for() -> None:
    scene = Scene(replace(END, hooks=()))
    scene.hooks.look(NOW)
    assert scene.groups.beats == [FOUND]


def test_a_hook_is_answered_though_the_spot_market_was_quicker() -> None:
    scene = Scene(replace(END, kind=Kind.SPOT_INTERRUPTION))
    scene.stand(clear_at=NOW)
    scene.hooks.look(NOW)
    assert scene.groups.completed == [TOLD]


def test_no_group_is_asked_about_a_node_that_none_ends() -> None:
    for scene in (Scene(replace(END, kind=Kind.SPOT_INTERRUPTION, hooks=())), Scene(groups=False)):
        scene.hooks.look(NOW)
        scene.stand(clear_at=NOW)
        scene.hooks.look(NOW)
        assert (scene.groups.beats, scene.groups.completed) == ([], [])


@pytest.mark.parametrize("provider_id", ["aws:///local-a/i-2", "aws:///local-a/"])
def test_what_a_node_says_of_another_instance_is_no_answer_to_that_ones_group(provider_id: str) -> None:
    scene = Scene()
    for clear_at in (None, NOW):
        scene.stand(clear_at, provider_id=provider_id)
        scene.hooks.look(NOW)
    assert (scene.groups.beats, scene.groups.completed) == ([], [])


@pytest.mark.parametrize(
    ("provider_id", "counts"),
    [("aws:///local-a/i-1", True), ("aws:///local-a/i-2", False), ("aws:///local-a/", False), ("", True)],
)
def test_a_group_is_answered_for_the_very_node_that_a_nodes_own_notice_is_taken_of(
    provider_id: str, counts: bool
) -> None:
    scene = Scene()
    scene.stand(NOW, provider_id)
    intake = Intake(cast("Any", None), scene.cache, Policy(), lambda: NOW)
    own = Notice("i-1", Kind.ASG_TERMINATE, "metadata", NOW, node="doomed")
    assert intake.knows(own) is counts
    scene.hooks.look(NOW)
    assert scene.groups.completed == ([TOLD] if counts else [])


def test_how_long_an_instance_is_held_is_its_hooks_word() -> None:
    hooks = Scene().hooks
    notice = Notice("i-1", Kind.ASG_TERMINATE, "sqs", NOW, hook=TOLD)
    assert hooks.hold_of(notice) == timedelta(minutes=2)
    assert hooks.hold_of(replace(notice, hook=None)) == timedelta(minutes=2)
    assert hooks.hold_of(replace(notice, hook=replace(TOLD, hook="removed"))) is None
    assert Scene(groups=False).hooks.hold_of(notice) is None
