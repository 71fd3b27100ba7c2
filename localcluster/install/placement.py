"""Why no node takes a pod, told from the nodes: the scheduler counts them and names none."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from localcluster.install.cause import Cause

Json = Mapping[str, Any]

CORDONED = "node.kubernetes.io/unschedulable"
# What a taint says of its node, and what to do about it; the first are told first.
_TAINTS = {
    CORDONED: ("is cordoned", "bin/kubectl uncordon {node}"),
    "node.kubernetes.io/not-ready": ("is not Ready", 'make logs ARGS="{node} kubelet"'),
    "node.kubernetes.io/unreachable": ("is not Ready", 'make logs ARGS="{node} kubelet"'),
    "node.kubernetes.io/disk-pressure": ("is short of disk", "docs/operators.md, The disk is full"),
}
_SHORT = re.compile(r"Insufficient [\w./-]+|Too many pods")


def why_no_node(pod: Json, nodes: Iterable[Json], said: str) -> Cause:
    """`said` is the scheduler's message. A node that the pod does not ask for is no matter."""
    if "persistentvolumeclaim" in said.lower():
        namespace = pod["metadata"]["namespace"]
        return Cause("its volume is not bound", _reasons(said), f"bin/kubectl -n {namespace} describe pvc")
    candidates = [node for node in nodes if fits(pod, node)]
    if not candidates:
        return Cause("no node has the labels that it asks for", next="bin/kubectl get nodes --show-labels")
    short = ", ".join(dict.fromkeys(_SHORT.findall(said)))
    hindrances = sorted(found for node in candidates if (found := _hindrance(pod, node, short)))
    if not hindrances:
        return Cause("no node takes it", _reasons(said), "bin/kubectl describe nodes")
    words = ", ".join(each.words for each in hindrances)
    return Cause(f"no node, as {words}", next=hindrances[0].next)


def fits(pod: Json, node: Json) -> bool:
    """Whether the node is one that the pod's selector and its required node affinity ask for."""
    labels = node["metadata"].get("labels", {})
    if not pod["spec"].get("nodeSelector", {}).items() <= labels.items():
        return False
    affinity = pod["spec"].get("affinity", {}).get("nodeAffinity", {})
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    fields = {"metadata.name": node["metadata"]["name"]}
    return required is None or any(
        all(_matches(each, labels) for each in term.get("matchExpressions", ()))
        and all(_matches(each, fields) for each in term.get("matchFields", ()))
        for term in required["nodeSelectorTerms"]
    )


def _matches(requirement: Json, labels: Mapping[str, str]) -> bool:
    value, values = labels.get(requirement["key"]), requirement.get("values", ())
    match requirement["operator"]:
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
        case _:  # Gt and Lt, which nothing of the platform asks for
            return True


class _Hindrance(NamedTuple):
    """What keeps the pod from one node; they sort as they are told."""

    rank: int
    words: str
    next: str


def _hindrance(pod: Json, node: Json, short: str) -> _Hindrance | None:
    """None: the node is free of what can be seen from here."""
    name = node["metadata"]["name"]
    taints = list(node["spec"].get("taints", ()))
    if node["spec"].get("unschedulable"):
        taints.append({"key": CORDONED, "effect": "NoSchedule"})
    keys = [taint["key"] for taint in taints if not _tolerated(pod, taint)]
    known = [key for key in _TAINTS if key in keys]
    if known:
        words, step = _TAINTS[known[0]]
        return _Hindrance(list(_TAINTS).index(known[0]), f"{name} {words}", step.format(node=name))
    step = f"bin/kubectl describe node {name}"
    if keys:
        return _Hindrance(len(_TAINTS), f"{name} has the taint {keys[0]}", step)
    if not short:
        return None
    if "memory" in short:
        step += " tells who takes it; a larger MADANG_NODE_MEMORY_MIB gives each node more"
    return _Hindrance(len(_TAINTS) + 1, f"{name} has no room for it ({short})", step)


def _tolerated(pod: Json, taint: Json) -> bool:
    if taint["effect"] == "PreferNoSchedule":
        return True
    return any(
        each.get("key", taint["key"]) == taint["key"]
        and each.get("effect", taint["effect"]) == taint["effect"]
        and (each.get("operator") == "Exists" or each.get("value", "") == taint.get("value", ""))
        for each in pod["spec"].get("tolerations", ())
    )


def _reasons(said: str) -> str:
    """The scheduler's message without its count of nodes and what it says of preemption."""
    return said.partition("nodes are available: ")[2].partition(". ")[0] or said
