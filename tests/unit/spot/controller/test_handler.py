"""What one look starts, and what it leaves for the next."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from spot import doomed_node, names
from spot.controller.handler import Handler
from spot.errors import Denied, Outdated
from spot.handoff.way import Scope
from spot.interruption import Interruption, Kind
from spot.kube import Cache
from spot.plan import Policy
from spot.times import zulu
from tests.unit.spot.handoff.objects import NOW, TIMING, a_node, deployment, pod, replicaset, service

JsonMap = dict[str, Any]
END = Interruption("int-1", "i-1", Kind.SPOT_INTERRUPTION, NOW, NOW + timedelta(minutes=2), ("sqs",))


class Noted:
    """Work that is only noted: each key runs as long as the test does."""

    def __init__(self) -> None:
        self.begun: dict[tuple[str, str], Callable[[], None]] = {}

    def submit(self, key: tuple[str, str], do: Callable[[], None], *_: Any, **__: Any) -> bool:
        return self.begun.setdefault(key, do) is do

    @property
    def kinds(self) -> list[str]:
        return sorted(kind for kind, _ in self.begun)


class Kept:
    """A journal and the portal, which has everything at once."""

    def __init__(self) -> None:
        self.saved: list[int] = []
        self.reported: list[int] = []
        self.dropped: list[str] = []

    def load(self) -> list[Any]:
        return []

    def save(self, record: Any) -> None:
        self.saved.append(record.revision)

    def drop(self, interruption: str) -> None:
        self.dropped.append(interruption)


def node(fenced: bool = True, end: Interruption = END, version: int = 1, moves: bool = True) -> JsonMap:
    plain: JsonMap = {
        "metadata": {"name": "doomed", "uid": "n", "resourceVersion": str(version), "annotations": {}},
        "spec": {},
    }
    if fenced:
        patch = doomed_node.fence(plain, end, moves=moves, now=NOW)
        plain["metadata"]["annotations"] = patch["metadata"]["annotations"]
        plain["spec"] = patch["spec"]
    return plain


class Refusing:
    """An API server whose walls let nothing be changed."""

    def only_while(self, may_write: Callable[[], bool], otherwise: type[Exception]) -> Refusing:
        if not may_write():
            raise otherwise
        return self

    def call(self, method: str, path: str, **_: Any) -> Any:
        raise Denied(f"{method} {path}: HTTP 403")


class Scene:
    def __init__(self, **kinds: list[JsonMap]) -> None:
        self.cache, self.work, self.kept, self.now = Cache(cast("Any", None)), Noted(), Kept(), NOW
        self.put(Node=[a_node("spare")])
        self.put(**{"Node": [node()], "ReplicaSet": [replicaset()], "Service": [service()], **kinds})
        self.handler = Handler(
            cast("Any", Refusing()),
            self.cache,
            cast("Any", self.work),
            cast("Any", self.kept),
            scope=Scope(frozenset(), "madang-builds"),
            timing=TIMING,
            policy=Policy(),
            report=self._report,
            clock=lambda: self.now,
        )

    def put(self, **kinds: list[JsonMap]) -> None:
        for kind, items in kinds.items():
            for number, each in enumerate(items):
                item = copy.deepcopy(each)
                item["metadata"].setdefault("resourceVersion", "1")
                item["metadata"].setdefault("uid", f"u-{kind}-{number}")
                self.cache.put(kind, item)

    def look(self, at: datetime = NOW) -> list[str]:
        self.now = at
        self.work.begun.clear()
        self.handler.tick(at)
        return self.work.kinds

    def run(self, kind: str) -> None:
        for key, do in list(self.work.begun.items()):
            if key[0] == kind:
                do()

    def _report(self, record: JsonMap) -> None:
        self.kept.reported.append(record["revision"])
        self.handler.delivered(record["id"], record["revision"])


def slices(*uids: str) -> JsonMap:
    endpoints = [{"targetRef": {"uid": uid}, "conditions": {"ready": True}} for uid in uids]
    labels = {"kubernetes.io/service-name": "blog"}
    return {
        "metadata": {"name": "blog-x", "namespace": "club-chess", "labels": labels},
        "endpoints": endpoints,
    }


def test_all_pods_of_a_doomed_node_are_detached_in_one_look() -> None:
    scene = Scene(Deployment=[deployment(3)], Pod=[pod(f"blog-{number}") for number in range(3)])
    assert [kind for kind in scene.look() if kind == "Detach"] == ["Detach"] * 3


def test_a_pod_that_may_not_be_detached_is_evicted_and_its_gap_told_with_that_reason() -> None:
    scene = Scene(Deployment=[deployment(2)], Pod=[pod("barred"), pod("other")])
    assert scene.look().count("Detach") == 2
    with pytest.raises(Denied):
        scene.work.begun["Detach", "u-barred"]()
    for _ in range(2):
        scene.look()
        steps = {key for key in scene.work.begun if key[0] in ("Detach", "Evict")}
        assert steps == {("Evict", "u-barred"), ("Detach", "u-other")}
    (record,) = scene.handler.records.values()
    told = {each.name: (each.way, each.reason) for each in record.pods}
    assert told == {"barred": ("evict", "not-detached"), "other": ("handoff", "")}


def test_one_that_may_not_be_unserved_goes_without_it() -> None:
    its = [pod("old", detached=True), pod("new", "spare")]
    scene = Scene(Deployment=[deployment()], Pod=its, EndpointSlice=[slices("u-old", "u-new")])
    assert "Unserve" in scene.look()
    with pytest.raises(Denied):
        scene.run("Unserve")
    assert "Evict" in scene.look()


def test_of_one_deployment_one_pod_is_unserved_at_a_time() -> None:
    olds = [pod(f"old-{number}", detached=True) for number in range(2)]
    news = [pod(f"new-{number}", "spare") for number in range(2)]
    listed = slices("u-old-0", "u-old-1", "u-new-0", "u-new-1")
    scene = Scene(Deployment=[deployment(2)], Pod=[*olds, *news], EndpointSlice=[listed])
    assert [kind for kind in scene.look() if kind == "Unserve"] == ["Unserve"]


def unserving() -> Scene:
    its = [pod("old", detached=True), pod("new", "spare")]
    scene = Scene(Deployment=[deployment()], Pod=its, EndpointSlice=[slices("u-old", "u-new")])
    assert "Unserve" in scene.look()
    return scene


def test_a_step_that_still_follows_is_taken_when_its_turn_comes() -> None:
    with pytest.raises(Denied):
        unserving().run("Unserve")


def test_none_is_taken_whose_replacement_has_gone_while_it_waited_for_its_turn() -> None:
    scene = unserving()
    scene.cache._remove("Pod", ("club-chess", "new"))
    with pytest.raises(Outdated):
        scene.run("Unserve")


def test_nor_one_of_a_node_that_is_called_off_meanwhile() -> None:
    scene, standing = unserving(), node()
    state = doomed_node.read(standing)
    assert state is not None
    off = doomed_node.call_off(standing, state, NOW)["metadata"]["annotations"]
    standing["metadata"] |= {"resourceVersion": "2", "annotations": off}
    scene.put(Node=[standing])
    with pytest.raises(Outdated):
        scene.run("Unserve")


def test_at_the_last_moment_none_of_a_deployment_waits_for_another() -> None:
    olds = [pod(f"old-{number}", detached=True) for number in range(3)]
    scene = Scene(
        Deployment=[deployment(3)], Pod=olds, EndpointSlice=[slices("u-old-0", "u-old-1", "u-old-2")]
    )
    assert "Unserve" not in scene.look(NOW + timedelta(seconds=104))
    assert scene.look(NOW + timedelta(seconds=105)).count("Unserve") == 3


def test_a_report_follows_its_record_and_the_record_goes_when_all_is_told() -> None:
    scene = Scene(Deployment=[deployment()], Pod=[])
    scene.look()
    assert scene.kept.reported == []
    scene.run("Record")
    assert scene.kept.saved == scene.kept.reported == [1]
    scene.cache._remove("Node", ("", "doomed"))
    scene.look()
    scene.run("Record")
    assert scene.kept.reported == [1, 2]
    assert "Drop" in scene.look()
    scene.run("Drop")
    assert scene.kept.dropped == ["int-1"]
    scene.look()
    assert not scene.handler.records
    assert not scene.handler.tick(NOW)


def test_a_record_that_could_not_be_dropped_is_kept_until_it_can() -> None:
    scene = Scene(Deployment=[deployment()], Pod=[])
    scene.look()
    scene.run("Record")
    scene.cache._remove("Node", ("", "doomed"))
    scene.look()
    scene.run("Record")
    for _ in range(3):
        assert scene.look() == ["Drop"]
    assert list(scene.handler.records) == ["int-1"]


def test_what_belongs_to_no_interruption_is_put_back() -> None:
    fence_alone = node()
    fence_alone["metadata"]["annotations"] = {names.INTERRUPTION: "{"}
    scene = Scene(Node=[fence_alone], Deployment=[deployment()], Pod=[pod("old", detached=True)])
    assert scene.look() == ["Node", "Restore"]


def test_a_maintenance_that_is_put_off_gives_back_what_was_on_its_way_and_is_acted_on_when_it_comes() -> None:
    soon, far = NOW + timedelta(minutes=5), NOW + timedelta(days=2)
    planned = replace(END, kind=Kind.MAINTENANCE, deadline=soon)
    scene = Scene(
        Node=[node(end=planned)],
        Deployment=[deployment()],
        Pod=[pod("old", detached=True), pod("new", "spare", ready_for=None)],
    )
    assert "Restore" not in scene.look()
    put_off = replace(planned, deadline=far)
    scene.put(Node=[node(end=put_off, version=2)])
    assert [kind for kind in scene.look() if kind in ("Node", "Restore")] == ["Node"]
    scene.put(Node=[node(end=put_off, version=3, moves=False)])
    assert [kind for kind in scene.look() if kind in ("Node", "Restore")] == ["Restore"]
    back = pod("old")
    back["metadata"]["resourceVersion"] = "2"
    scene.put(Pod=[back])
    assert not {"Node", "Restore", "Detach"} & set(scene.look())
    assert "Node" in scene.look(far - timedelta(minutes=15))
    scene.put(Node=[node(end=put_off, version=4)])
    assert "Detach" in scene.look(far - timedelta(minutes=15))


def test_a_maintenance_without_a_date_moves_nothing() -> None:
    undated = replace(END, kind=Kind.MAINTENANCE, deadline=None)
    scene = Scene(Node=[node(end=undated, moves=False)], Deployment=[deployment()], Pod=[pod("old")])
    for days in (0, 1, 60):
        assert not {"Node", "Detach"} & set(scene.look(NOW + timedelta(days=days)))


def test_a_node_that_the_cloud_had_stopped_and_started_again_takes_pods_again() -> None:
    def stopped(ready_at: datetime, version: int) -> JsonMap:
        end = replace(END, kind=Kind.STOPPING, deadline=NOW, gone=True)
        ready = {"type": "Ready", "status": "True", "lastTransitionTime": zulu(ready_at)}
        return {**node(end=end, version=version), "status": {"conditions": [ready]}}

    scene = Scene(Node=[stopped(NOW - timedelta(hours=1), 1)], Deployment=[deployment()], Pod=[])
    later = NOW + timedelta(hours=1)
    assert "Node" not in scene.look(later)
    scene.put(Node=[stopped(later, 2)])
    assert "Node" in scene.look(later)


def test_what_an_operator_calls_off_is_taken_back() -> None:
    standing = node()
    standing["metadata"]["annotations"][names.CALL_OFF] = END.id
    scene = Scene(Node=[standing], Deployment=[deployment()], Pod=[pod("old")])
    assert [kind for kind in scene.look() if kind in ("Node", "Detach")] == ["Node"]
    state = doomed_node.read(standing)
    assert state is not None
    off = doomed_node.call_off(standing, state, NOW)["metadata"]["annotations"]
    standing["metadata"] |= {"resourceVersion": "2", "annotations": off}
    there = pod("old", detached=True)
    there["metadata"]["resourceVersion"] = "2"
    scene.put(Node=[standing], Pod=[there])
    assert [kind for kind in scene.look() if kind in ("Node", "Detach", "Restore")] == ["Restore"]


def test_what_it_stumbles_over_at_one_node_ends_no_handoff_of_another() -> None:
    other = replace(END, id="int-2", instance_id="i-2")
    second = node(end=other)
    second["metadata"] |= {"name": "second", "uid": "n-2"}
    scene = Scene(Node=[node(), second], Deployment=[deployment(2)], Pod=[])
    scene.look()
    poison = pod("poison", owner=("ReplicaSet", "blog-abc"))
    del poison["spec"]["containers"]
    scene.put(Pod=[poison, pod("blog-2", "second")])
    with pytest.raises(ExceptionGroup) as told:
        scene.look(NOW + timedelta(seconds=1))
    assert [each.__notes__ for each in told.value.exceptions] == [["at the node doomed"]]
    assert ("Detach", "u-blog-2") in scene.work.begun
    assert {each.state for each in scene.handler.records.values()} == {"fenced", "moving"}


def test_an_end_at_the_beginning_of_time_stumbles_nobody() -> None:
    endless = replace(END, deadline=datetime(1, 1, 1, tzinfo=UTC))
    pods = [pod("blog-1"), pod("blog-2", "spare")]
    assert "Detach" in Scene(Node=[node(end=endless)], Deployment=[deployment(2)], Pod=pods).look()


def test_a_detached_pod_whose_node_is_gone_is_left_to_kubernetes() -> None:
    scene = Scene(Node=[], Deployment=[deployment()], Pod=[pod("old", detached=True)])
    assert scene.look() == []


def test_a_node_is_clear_only_once_it_is_written_down_that_its_pods_have_left() -> None:
    scene = Scene(Deployment=[deployment()], Pod=[])
    assert "Node" not in scene.look()
    scene.run("Record")
    assert "Node" in scene.look()
