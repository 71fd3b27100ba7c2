"""Nodes and pods as the fleet's page has them, and the worst node to lose."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from deployer.fleet import Fleet, of_live_releases, read_fleet_pod, read_node, sole_projects, worst
from deployer.fleet.fleet import fleet_of
from deployer.kube.quantity import cpu_millicores, memory_bytes

STAMP = "2026-01-01T00:00:00Z"


def raw_node(name: str, capacity: str = "spot", ready: str = "True", **annotations: str) -> dict[str, Any]:
    return {
        "metadata": {
            "name": name,
            "uid": f"uid-{name}",
            "creationTimestamp": STAMP,
            "labels": {
                "karpenter.sh/capacity-type": capacity,
                "topology.kubernetes.io/zone": "local-a",
                "node.kubernetes.io/instance-type": "local.large",
            },
            "annotations": {f"madang.dev/{key}": value for key, value in annotations.items()},
        },
        "spec": {"providerID": f"local:///local-a/i-{name}"},
        "status": {
            "allocatable": {"cpu": "2", "memory": "3030Mi"},
            "conditions": [
                {"type": "Ready", "status": ready, "lastTransitionTime": STAMP, "message": "kubelet stopped"}
            ],
        },
    }


def raw_pod(name: str, node: str, project: str = "", ready: str = "True", **more: Any) -> dict[str, Any]:
    labels = {"madang.dev/club": "chess", "madang.dev/project": project} if project else {}
    return {
        "metadata": {
            "name": name,
            "namespace": "club-chess",
            "uid": f"uid-{name}",
            "creationTimestamp": STAMP,
            "labels": {**labels, **more.pop("labels", {})},
            **more,
        },
        "spec": {
            "nodeName": node,
            "containers": [
                {"resources": {"requests": {"cpu": "250m", "memory": "64Mi"}}, "env": [{"value": "secret"}]}
            ],
        },
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": ready}]},
    }


@pytest.mark.parametrize(
    ("text", "millicores"), [("2", 2000), ("250m", 250), ("183747211n", 184), ("0.5", 500), ("lots", 0)]
)
def test_cpu_is_read_in_every_unit_of_the_api(text: str, millicores: int) -> None:
    assert cpu_millicores(text) == millicores


@pytest.mark.parametrize(("text", "size"), [("1Ki", 1024), ("2Gi", 2 << 30), ("5", 5), ("", 0), ("1X", 0)])
def test_memory_is_read_in_every_unit_of_the_api(text: str, size: int) -> None:
    assert memory_bytes(text) == size


def test_a_node_says_its_kind_its_instance_and_its_end() -> None:
    said = {"id": "int-1", "kind": "spot-interruption", "deadline": "2026-01-01T00:02:00.000Z", "moves": True}
    node = read_node(raw_node("spot-1", interruption=json.dumps(said)))
    assert (node.capacity, node.zone, node.pool, node.instance_id) == (
        "spot",
        "local-a",
        "local.large",
        "i-spot-1",
    )
    assert node.end is not None
    assert node.end.deadline == datetime(2026, 1, 1, 0, 2, tzinfo=UTC)
    assert node.end.moves


@pytest.mark.parametrize("text", ["", "no JSON", "[]", "{}", '{"id": "a", "kind": "b", "deadline": 3}'])
def test_an_end_that_cannot_be_read_is_none(text: str) -> None:
    assert read_node(raw_node("spot-1", interruption=text)).end is None


def test_a_node_that_is_not_ready_says_why() -> None:
    node = read_node(raw_node("spot-1", ready="Unknown"))
    assert not node.ready
    assert node.trouble == "kubelet stopped"


def test_a_pod_keeps_nothing_of_its_environment() -> None:
    pod = read_fleet_pod(raw_pod("blog-1", "spot-1", "blog"))
    assert (pod.club, pod.project, pod.state, pod.cpu_millicores) == ("chess", "blog", "ready", 250)
    assert "secret" not in repr(pod)


def test_a_detached_pod_is_one_whose_hash_is_gone() -> None:
    notes = {"madang.dev/handoff-detached-at": "2026-01-01T00:00:01.000Z"}
    handed = {"madang.dev/handoff": "int-1"}
    assert read_fleet_pod(raw_pod("a", "n", labels=handed, annotations=notes)).step == "detached"
    still = handed | {"pod-template-hash": "x"}
    assert read_fleet_pod(raw_pod("a", "n", labels=still, annotations=notes)).step == ""
    out = notes | {"madang.dev/handoff-unserved-at": "2026-01-01T00:00:09.000Z"}
    assert read_fleet_pod(raw_pod("a", "n", labels=handed, annotations=out)).step == "unserved"


def fleet(nodes: list[dict[str, Any]], pods: list[dict[str, Any]]) -> Fleet:
    return fleet_of(map(read_node, nodes), map(read_fleet_pod, pods), {})


def test_the_worst_node_has_the_most_projects_that_stand_nowhere_else() -> None:
    seen = fleet(
        [raw_node("spot-1"), raw_node("spot-2"), raw_node("base", "on-demand")],
        [
            raw_pod("a1", "spot-1", "a"),
            raw_pod("a2", "spot-2", "a"),
            raw_pod("b1", "spot-1", "b"),
            raw_pod("b2", "spot-2", "b"),
            raw_pod("c1", "spot-2", "c"),
            raw_pod("d1", "base", "d"),
            raw_pod("e1", "base", "e"),
        ],
    )
    found = worst(seen)
    assert found is not None
    assert found.name == "spot-2"
    assert sole_projects(seen, "spot-2") == [("chess", "c")]


def test_a_release_on_trial_is_no_second_place_of_its_project_nor_one_to_lose() -> None:
    live, trial = ({"madang.dev/release": number} for number in ("3", "4"))
    seen = fleet(
        [raw_node("spot-1"), raw_node("spot-2")],
        [
            raw_pod("a3", "spot-2", "a", labels=live),
            raw_pod("a4", "spot-1", "a", labels=trial),
            raw_pod("b1", "base", "b", labels=live),
            raw_pod("b4", "spot-1", "b", labels=trial),
            raw_pod("c1", "spot-2", "c", labels=trial),
        ],
    )
    serving = of_live_releases(seen, {("chess", "a"): 3, ("chess", "b"): 3})
    found = worst(serving)
    assert found is not None
    assert found.name == "spot-2"
    assert sole_projects(serving, "spot-2") == [("chess", "a"), ("chess", "c")]
    assert sole_projects(serving, "spot-1") == []


def test_a_node_that_goes_already_or_is_not_ready_is_never_the_worst() -> None:
    said = json.dumps({"id": "int-1", "kind": "spot-interruption"})
    nodes = [raw_node("spot-1", interruption=said), raw_node("spot-2", ready="False")]
    assert worst(fleet(nodes, [raw_pod("a1", "spot-1", "a")])) is None
