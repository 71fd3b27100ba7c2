"""How far the spot handler's accounts reach, tried on a real API server with real tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.integration.charts.conftest import IMAGES
from tests.integration.charts.walls import (
    NODE,
    Caller,
    JsonMap,
    Refused,
    account,
    annotation,
    config_map,
    path_of,
    plain_pod,
    service_account,
)

METADATA = "madang.dev/metadata"
AGENT_NOT_READY = "madang.dev/agent-not-ready"


@pytest.fixture(scope="module")
def agent(admin: Caller) -> Caller:
    """The agent on spot-1, with the token that the kubelet of spot-1 would give it."""
    return account(admin, "madang-spot", "spot-agent", admin.create(agent_pod(admin, "spot-1")))


# The agent


def test_an_agent_writes_the_metadata_of_its_own_node(agent: Caller) -> None:
    said = agent("PATCH", NODE, annotation(METADATA, '{"instance_id": "i-1"}'))
    assert said["metadata"]["annotations"][METADATA] == '{"instance_id": "i-1"}'


def test_an_agent_takes_its_own_word_back(agent: Caller) -> None:
    assert METADATA not in agent("PATCH", NODE, annotation(METADATA, None))["metadata"]["annotations"]


def test_an_agent_writes_onto_no_other_node(agent: Caller) -> None:
    refused(
        lambda: agent("PATCH", "api/v1/nodes/spot-2", annotation(METADATA, "{}")), "the node that it runs on"
    )


def test_an_account_without_a_node_writes_onto_none(admin: Caller) -> None:
    nowhere = account(admin, "madang-spot", "spot-agent")
    refused(lambda: nowhere("PATCH", NODE, annotation(METADATA, "{}")), "the node that it runs on")


@pytest.mark.parametrize(
    "patch",
    [
        {"metadata": {"labels": {"karpenter.sh/capacity-type": "on-demand"}}},
        {"metadata": {"labels": {"kept": None}}},
        {"metadata": {"annotations": {"madang.dev/interruption": "{}"}}},
        {"metadata": {"annotations": {"kept": None}}},
        {"metadata": {"annotations": {"kept": "no"}}},
        {"metadata": {"finalizers": ["madang.dev/forever"]}},
        {"spec": {"unschedulable": True}},
        {"spec": {"taints": [{"key": "madang.dev/interrupted", "effect": "NoSchedule"}]}},
        {"spec": {"providerID": "aws:///eu-west-1a/i-of-another"}},
    ],
    ids=lambda patch: str(patch),
)
def test_an_agent_changes_nothing_else_of_its_node(agent: Caller, patch: JsonMap) -> None:
    refused(lambda: agent("PATCH", NODE, patch), "changes the annotation madang.dev/metadata")


def test_an_agent_cannot_fill_the_node_with_words(agent: Caller) -> None:
    refused(lambda: agent("PATCH", NODE, annotation(METADATA, "x" * 20_000)), "16 KiB")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PATCH", f"{NODE}/status"),
        ("DELETE", NODE),
        ("GET", "api/v1/nodes"),
        ("GET", "api/v1/pods"),
        ("GET", "api/v1/namespaces/madang/secrets"),
    ],
)
def test_an_agent_may_do_nothing_else(agent: Caller, method: str, path: str) -> None:
    refused(lambda: agent(method, path, {} if method == "PATCH" else None), "cannot")


# The agents' namespace


def test_the_agents_own_pod_may_run_in_its_namespace(admin: Caller) -> None:
    assert admin.create(agent_pod(admin, "spot-2"), dry_run=True)


@pytest.mark.parametrize(
    "spec",
    [
        {"hostPID": True},
        {"serviceAccountName": "default"},
        {"volumes": [{"name": "tmp", "hostPath": {"path": "/"}}]},
        {"initContainers": [{"name": "first", "image": IMAGES["agent"]}]},
        {"securityContext": {}},
    ],
    ids=lambda spec: str(spec),
)
def test_no_pod_of_another_shape_may(admin: Caller, spec: JsonMap) -> None:
    pod = agent_pod(admin, "spot-2", "other")
    pod["spec"] |= spec
    refused(lambda: admin.create(pod, dry_run=True), "ValidatingAdmissionPolicy")


@pytest.mark.parametrize(
    "change",
    [
        {"image": "docker.io/library/busybox"},
        {"image": IMAGES["platform"]},
        {"command": ["sh"]},
        {"args": ["python", "-c", "pass"]},
        {"env": [{"name": "PYTHONPATH", "value": "/tmp"}]},
        {"securityContext": {"capabilities": {"drop": ["ALL"], "add": ["NET_ADMIN"]}}},
        {"securityContext": {}},
    ],
    ids=lambda change: str(change),
)
def test_no_container_of_another_shape_may(admin: Caller, change: JsonMap) -> None:
    pod = agent_pod(admin, "spot-2", "other")
    pod["spec"]["containers"][0] |= change
    refused(lambda: admin.create(pod, dry_run=True), "ValidatingAdmissionPolicy")


# The controller and nodes


def test_the_controller_fences_a_node_and_frees_it(controller: Caller) -> None:
    taints = [
        {"key": "madang.dev/interrupted", "effect": "NoSchedule"},
        {"key": "madang.dev/at-risk", "effect": "PreferNoSchedule"},
    ]
    fence = annotation("madang.dev/interruption", "{}") | {"spec": {"taints": taints}}
    assert len(controller("PATCH", NODE, fence)["spec"]["taints"]) == 2
    free = annotation("madang.dev/interruption", None) | {"spec": {"taints": None}}
    assert "taints" not in controller("PATCH", NODE, free)["spec"]


def test_the_controller_has_a_node_avoided_for_its_pools_sake(controller: Caller) -> None:
    until, taint = "madang.dev/pool-at-risk-until", {"key": "madang.dev/at-risk", "value": "pool"}
    avoided = annotation(until, "2026-01-01T00:00:00Z") | {
        "spec": {"taints": [taint | {"effect": "PreferNoSchedule"}]}
    }
    assert controller("PATCH", NODE, avoided)["metadata"]["annotations"][until]
    assert (
        "taints" not in controller("PATCH", NODE, annotation(until, None) | {"spec": {"taints": []}})["spec"]
    )


@pytest.mark.parametrize(
    ("patch", "why"),
    [
        ({"metadata": {"labels": {"kept": None}}}, "nothing but annotations and taints"),
        ({"spec": {"unschedulable": True}}, "nothing but annotations and taints"),
        ({"spec": {"providerID": "aws:///x/i-2"}}, "nothing but annotations and taints"),
        ({"metadata": {"finalizers": ["madang.dev/x"]}}, "nothing but annotations and taints"),
        ({"metadata": {"annotations": {"kept": "no"}}}, "changes only its own"),
        ({"metadata": {"annotations": {METADATA: "{}"}}}, "changes only its own"),
        ({"spec": {"taints": [{"key": "other", "effect": "NoExecute"}]}}, "of a node's taints"),
    ],
    ids=str,
)
def test_the_controller_changes_nothing_else_of_a_node(controller: Caller, patch: JsonMap, why: str) -> None:
    refused(lambda: controller("PATCH", NODE, patch), why)


def test_the_controller_keeps_the_taints_of_others(admin: Caller, controller: Caller) -> None:
    others = [{"key": "other", "effect": "NoSchedule"}]
    admin("PATCH", "api/v1/nodes/spot-2", {"spec": {"taints": others}})
    path, ours = "api/v1/nodes/spot-2", {"key": "madang.dev/interrupted", "effect": "NoSchedule"}
    assert controller("PATCH", path, {"spec": {"taints": [*others, ours]}})
    refused(lambda: controller("PATCH", path, {"spec": {"taints": [ours]}}), "of a node's taints")
    admin("PATCH", path, {"spec": {"taints": None}})


def test_the_controller_takes_a_node_out_of_service_in_its_own_name_only(
    admin: Caller, controller: Caller
) -> None:
    path, key = "api/v1/nodes/spot-2", "node.kubernetes.io/out-of-service"
    ours, theirs = (
        {"key": key, "value": value, "effect": "NoExecute"} for value in ("madang", "nodeshutdown")
    )
    assert controller("PATCH", path, {"spec": {"taints": [ours]}})["spec"]["taints"] == [ours]
    assert "taints" not in controller("PATCH", path, {"spec": {"taints": None}})["spec"]
    refused(lambda: controller("PATCH", path, {"spec": {"taints": [theirs]}}), "of a node's taints")
    admin("PATCH", path, {"spec": {"taints": [theirs]}})
    refused(lambda: controller("PATCH", path, {"spec": {"taints": None}}), "of a node's taints")
    admin("PATCH", path, {"spec": {"taints": None}})


@pytest.fixture
def fresh(admin: Caller) -> Iterator[str]:
    """A node as it registers, waiting for its agent."""
    path, closed = "api/v1/nodes/spot-2", {"key": AGENT_NOT_READY, "value": "true", "effect": "NoSchedule"}
    admin("PATCH", path, {"spec": {"taints": [closed]}})
    yield path
    admin("PATCH", path, {"spec": {"taints": None}})


def test_the_controller_opens_a_fresh_node_and_says_so_if_nobody_hears_it(
    controller: Caller, fresh: str
) -> None:
    avoided = {"key": "madang.dev/unheard", "value": "true", "effect": "PreferNoSchedule"}
    assert controller("PATCH", fresh, {"spec": {"taints": [avoided]}})["spec"]["taints"] == [avoided]
    assert "taints" not in controller("PATCH", fresh, {"spec": {"taints": []}})["spec"]


@pytest.mark.parametrize("effect", ["NoSchedule", "NoExecute", "PreferNoSchedule"])
def test_the_controller_closes_no_node(controller: Caller, effect: str) -> None:
    closed = {"key": AGENT_NOT_READY, "value": "true", "effect": effect}
    refused(lambda: controller("PATCH", NODE, {"spec": {"taints": [closed]}}), "only lifts it")


def test_the_controller_makes_no_fresh_nodes_taint_any_graver(controller: Caller, fresh: str) -> None:
    closed = {"key": AGENT_NOT_READY, "value": "true", "effect": "NoExecute"}
    refused(lambda: controller("PATCH", fresh, {"spec": {"taints": [closed]}}), "only lifts it")


def test_an_agent_opens_no_node_not_even_its_own(admin: Caller, fresh: str) -> None:
    own = account(admin, "madang-spot", "spot-agent", admin.create(agent_pod(admin, "spot-2", "fresh")))
    assert own("PATCH", fresh, annotation(METADATA, '{"instance_id": "i-1"}'))
    refused(
        lambda: own("PATCH", fresh, {"spec": {"taints": None}}), "changes the annotation madang.dev/metadata"
    )
    admin("PATCH", fresh, annotation(METADATA, None))


# The controller and pods


@pytest.fixture
def pod(admin: Caller) -> Iterator[JsonMap]:
    made = admin("POST", "api/v1/namespaces/elsewhere/pods", plain_pod("elsewhere"))
    yield made
    admin("DELETE", path_of(made), {"gracePeriodSeconds": 0})


def test_the_controller_detaches_a_pod_and_gives_it_an_owner(
    admin: Caller, controller: Caller, pod: JsonMap
) -> None:
    # One that is there, or the garbage collector would take the pod.
    standing = admin.create(service_account("elsewhere"))["metadata"]
    owner = {"apiVersion": "v1", "kind": "ServiceAccount", "name": "default", "uid": standing["uid"]}
    labels = {"pod-template-hash": None, "madang.dev/handoff": "int-1"}
    metadata = {"labels": labels, "annotations": {"x": "y"}, "ownerReferences": [owner]}
    said = controller("PATCH", path_of(pod), {"metadata": metadata})
    assert said["metadata"]["labels"] == {"app": "blog", "madang.dev/handoff": "int-1"}


@pytest.mark.parametrize("what", ["image", "deadline", "toleration", "finalizer"])
def test_the_controller_changes_nothing_that_a_pod_runs(controller: Caller, pod: JsonMap, what: str) -> None:
    spec = pod["spec"]
    patch: JsonMap = {
        "image": {"spec": {"containers": [spec["containers"][0] | {"image": "docker.io/hostile"}]}},
        "deadline": {"spec": {"activeDeadlineSeconds": 1}},
        "toleration": {"spec": {"tolerations": [*spec["tolerations"], {"operator": "Exists"}]}},
        "finalizer": {"metadata": {"finalizers": ["madang.dev/forever"]}},
    }[what]
    refused(lambda: controller("PATCH", path_of(pod), patch), "only labels, annotations and owners")


def test_the_controller_evicts_a_pod_and_deletes_only_the_one_that_it_saw(
    controller: Caller, pod: JsonMap
) -> None:
    refused(lambda: controller("DELETE", path_of(pod), dry_run=True), "by its uid")
    metadata = {"name": pod["metadata"]["name"], "namespace": "elsewhere"}
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": metadata}
    assert controller("POST", f"{path_of(pod)}/eviction", eviction, dry_run=True)
    seen = {"preconditions": {"uid": pod["metadata"]["uid"]}, "dryRun": ["All"]}
    assert controller("DELETE", path_of(pod), seen)


# The controller's own objects


def test_the_controller_keeps_records_and_touches_no_other_config_map(
    admin: Caller, controller: Caller
) -> None:
    where = "api/v1/namespaces/madang/configmaps"
    admin.create(config_map("madang-config"))
    assert controller("POST", where, config_map("interruption-int-1"))
    assert controller("PATCH", f"{where}/interruption-int-1", {"data": {"a": "b"}})
    assert controller("DELETE", f"{where}/interruption-int-1")
    refused(lambda: controller("POST", where, config_map("other")), "named interruption-")
    refused(
        lambda: controller("PATCH", f"{where}/madang-config", {"data": {"a": "b"}}), "named interruption-"
    )
    refused(lambda: controller("DELETE", f"{where}/madang-config"), "named interruption-")


def test_the_controller_scales_the_headroom_and_changes_no_deployment(controller: Caller) -> None:
    where = "apis/apps/v1/namespaces/madang/deployments"
    said = controller("PATCH", f"{where}/spot-headroom/scale", {"spec": {"replicas": 3}})
    assert said["spec"]["replicas"] == 3
    refused(lambda: controller("PATCH", f"{where}/spot-headroom", {"spec": {"replicas": 3}}), "cannot patch")
    refused(
        lambda: controller("PATCH", f"{where}/spot-controller/scale", {"spec": {"replicas": 0}}),
        "cannot patch",
    )


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "api/v1/secrets"),
        ("GET", "api/v1/namespaces/club-chess/secrets"),
        ("GET", "api/v1/namespaces/club-chess/configmaps"),
        ("DELETE", NODE),
        ("PATCH", f"{NODE}/status"),
        ("PATCH", "api/v1/namespaces/club-chess/services/blog"),
        ("POST", "api/v1/namespaces/club-chess/pods/blog/exec"),
        ("POST", "apis/coordination.k8s.io/v1/namespaces/kube-system/leases"),
    ],
)
def test_the_controller_may_do_nothing_else(controller: Caller, method: str, path: str) -> None:
    refused(lambda: controller(method, path, {} if method in ("PATCH", "POST") else None), "cannot")


def refused(attempt: Callable[[], Any], why: str) -> None:
    with pytest.raises(Refused, match=why) as caught:
        attempt()
    assert caught.value.status in (403, 422), str(caught.value)


def agent_pod(admin: Caller, node: str, name: str = "spot-agent") -> JsonMap:
    """As the DaemonSet controller makes it, bound to the node."""
    template = admin("GET", "apis/apps/v1/namespaces/madang-spot/daemonsets/spot-agent")["spec"]["template"]
    metadata = {"name": f"{name}-{node}", "namespace": "madang-spot"}
    spec = {**template["spec"], "nodeName": node}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}
