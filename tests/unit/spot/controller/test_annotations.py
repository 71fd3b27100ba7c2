"""When a node's own word is read: once, and again when it or what has ended on its Node is another."""

from __future__ import annotations

import copy
from typing import Any, cast

from spot import names
from spot.controller.annotations import Annotations
from spot.errors import TemporaryError
from spot.interruption import Notice
from spot.kube import Cache
from spot.sources.annotation import encode
from spot.sources.seen import Rebalance, Seen
from tests.unit.spot.controller.test_hooks import AtOnce
from tests.unit.spot.handoff.objects import NOW, SECOND, a_node

INSTANCE = "i-1234567890abcdef0"


class Scene:
    def __init__(self) -> None:
        self.cache, self.told, self.in_trouble = Cache(cast("Any", None)), list[Notice](), False
        self.annotations = Annotations(self.cache, cast("Any", AtOnce()), self._take)
        self._version = 1

    def stand(self, **notes: str) -> None:
        self._version += 1
        node: dict[str, Any] = copy.deepcopy(a_node("spot-1"))
        node["metadata"] |= {"resourceVersion": str(self._version), "annotations": notes}
        self.cache.put("Node", node)

    def look(self) -> int:
        """How many notices it tells."""
        self.told.clear()
        self.annotations.look(NOW)
        return len(self.told)

    def _take(self, notice: Notice) -> None:
        if self.in_trouble:
            raise TemporaryError("the Node changes faster than it can be fenced")
        self.told.append(notice)


def recommended(at: int) -> dict[str, str]:
    return {names.METADATA: encode(Seen(instance_id=INSTANCE, rebalance=Rebalance(time=NOW + at * SECOND)))}


def test_what_stands_is_told_once_and_what_changes_again() -> None:
    scene = Scene()
    scene.stand(**recommended(-2))
    assert [scene.look() for _ in range(3)] == [1, 0, 0]
    scene.stand(**recommended(-1))
    assert [scene.look() for _ in range(2)] == [1, 0]


def test_what_had_no_effect_is_told_again() -> None:
    scene = Scene()
    scene.stand(**recommended(-2))
    scene.in_trouble = True
    assert scene.look() == 0
    scene.in_trouble = False
    assert [scene.look() for _ in range(2)] == [1, 0]


def test_what_stood_behind_an_interruption_is_told_once_that_has_ended() -> None:
    scene = Scene()
    scene.stand(**recommended(-2))
    scene.look()
    scene.stand(**recommended(-2), **{names.ENDED: "[]"})
    assert [scene.look() for _ in range(2)] == [1, 0]
