"""How much room is kept: what the largest spot node would have to hand off."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from spot.headroom import Room, moves, room_of, wanted

UNIT = Room(Decimal("0.25"), Decimal(256 << 20))


def node(name: str, capacity: str = "spot", **spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "labels": {"karpenter.sh/capacity-type": capacity}}, "spec": spec}


def pod(
    on: str, cpu: str = "250m", memory: str = "64Mi", owner: str = "ReplicaSet", **labels: str
) -> dict[str, Any]:
    requests = {"cpu": cpu, "memory": memory}
    owners = [{"kind": owner, "name": "x", "controller": True}]
    return {
        "metadata": {"name": "p", "labels": labels, "ownerReferences": owners},
        "spec": {"nodeName": on, "containers": [{"name": "app", "resources": {"requests": requests}}]},
        "status": {"phase": "Running"},
    }


def test_one_spot_node_needs_room_for_what_it_runs() -> None:
    assert wanted([node("a")], [pod("a"), pod("a"), pod("a")], UNIT) == 3


def test_the_largest_node_counts_and_not_the_sum() -> None:
    pods = [pod("a"), *(pod("b") for _ in range(4))]
    # Four units, of which the node that goes takes half along.
    assert wanted([node("a"), node("b")], pods, UNIT) == 8


def test_what_is_scarcer_of_processor_and_memory_decides() -> None:
    assert wanted([node("a")], [pod("a", cpu="1m", memory="600Mi")], UNIT) == 3


def test_nodes_that_stay_and_nodes_that_go_already_need_none() -> None:
    going = node("a", taints=[{"key": "madang.dev/interrupted", "effect": "NoSchedule"}])
    pods = [pod("a"), pod("b")]
    assert wanted([going, node("b", "on-demand")], pods, UNIT) == 0


def test_no_spot_node_no_room() -> None:
    assert wanted([], [], UNIT) == 0


@pytest.mark.parametrize(
    "one",
    [
        pod("a", owner="DaemonSet"),
        pod("a", owner="Job"),
        pod("a", **{"madang.dev/headroom": "true"}),
        pod("a", **{"madang.dev/image-ahead": "true"}),
        {**pod("a"), "status": {"phase": "Succeeded"}},
        {**pod("a"), "metadata": {"name": "p", "deletionTimestamp": "2026-01-01T00:00:00Z"}},
        {**pod("a"), "metadata": {"name": "p", "annotations": {"kubernetes.io/config.mirror": "1"}}},
    ],
    ids=["daemon", "job", "headroom", "image ahead", "ended", "ending", "static"],
)
def test_some_pods_need_no_place_elsewhere(one: dict[str, Any]) -> None:
    assert not moves(one)
    assert wanted([node("a")], [one], UNIT) == 0


def test_a_pods_room_is_the_larger_of_its_start_and_its_run() -> None:
    def container(cpu: str, **more: str) -> dict[str, Any]:
        return {"resources": {"requests": {"cpu": cpu}}, **more}

    spec = {
        "initContainers": [container("100m", restartPolicy="Always"), container("900m")],
        "containers": [container("300m"), container("200m")],
        "overhead": {"cpu": "50m"},
    }
    assert room_of(spec).cpu_cores == Decimal("1.05")
    spec["initContainers"] = [container("100m", restartPolicy="Always")]
    assert room_of(spec).cpu_cores == Decimal("0.65")


def test_what_the_pod_says_as_a_whole_stands_above_its_containers() -> None:
    spec = {
        "resources": {"requests": {"cpu": "2"}},
        "containers": [{"resources": {"requests": {"cpu": "1"}}}],
    }
    assert room_of(spec).cpu_cores == 2


def test_pods_that_ask_for_nothing_need_nothing() -> None:
    bare = pod("a")
    bare["spec"]["containers"] = [{"name": "app"}]
    assert wanted([node("a")], [bare], UNIT) == 0


def test_a_unit_that_holds_nothing_of_a_resource_holds_any_amount_of_it() -> None:
    assert wanted([node("a")], [pod("a", memory="8Gi")], Room(Decimal("0.25"), Decimal(0))) == 1
