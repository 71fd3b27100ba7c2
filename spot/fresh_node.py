"""A fresh spot node, which takes no pods until its agent is at work: when it is opened, and why. Pure.

A kubelet registers with the taint as it makes the Node, and never adds it to one that is there already
(kubernetes pkg/kubelet/kubelet_node_status.go). A node that is replaced under its name is a new Node, and its
annotations went with the old one: so what an agent has written on a Node was written since it registered.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from spot import doomed_node, names, pods
from spot.interruption import is_old
from spot.pods import JsonMap
from spot.sources.annotation import decode, notices
from spot.times import parse


class Why(StrEnum):
    """What opens a node."""

    AT_WORK = "at-work"
    NO_AGENTS = "no-agents"
    UNHEARD = "unheard"
    """Nobody hears its notices, but room that nobody may use is worth less than a rare gap."""


@dataclass(frozen=True)
class Opening:
    """`patch` lets pods in. `trouble` is what keeps the node's notices from being heard, else ""."""

    why: Why
    patch: JsonMap
    trouble: str = ""


def opening(
    node: JsonMap, *, agents: bool, patience: timedelta, since: datetime, now: datetime
) -> Opening | None:
    """What opens the node now; None while it waits, and for one that is open.

    `agents`: will any come? `since`: this controller runs, and may be as new as its agents are.
    """
    if not (waits(node) or is_unheard(node)):
        return None
    if not agents:
        return Opening(Why.NO_AGENTS, _patch(node, _others(node)))
    trouble = _trouble(node, now)
    if not trouble:
        return Opening(Why.AT_WORK, _patch(node, _others(node)))
    # What is not Ready takes no pods anyway, and may not have been able to run an agent.
    if waits(node) and pods.is_ready(node) and min(_waited(node, now), now - since) >= patience:
        avoided = {"key": names.UNHEARD, "value": "true", "effect": "PreferNoSchedule"}
        return Opening(Why.UNHEARD, _patch(node, [*_others(node), avoided]), trouble)
    return None


def waits(node: JsonMap) -> bool:
    """It takes no pods yet, as nobody hears its notices."""
    return _has(node, names.AGENT_NOT_READY)


def is_unheard(node: JsonMap) -> bool:
    """It was opened without an agent: pods go there only when no other node has room."""
    return _has(node, names.UNHEARD)


def age(node: JsonMap, now: datetime) -> timedelta:
    """Since it registered, by the API server's clock."""
    registered = parse(node["metadata"].get("creationTimestamp")) or now
    return max(now - registered, timedelta(0))


def _trouble(node: JsonMap, now: datetime) -> str:
    said, own = pods.notes(node).get(names.METADATA), pods.instance_id(node)
    if said is None:
        return "its agent has said nothing"
    seen = decode(said)
    if seen is None:
        return "what its agent said cannot be read"
    if seen.instance_id != own:
        return (
            f"its agent reads the metadata of {seen.instance_id}, and the Node is {own or 'no instance yet'}"
        )
    past = doomed_node.ended(node)
    standing = any(
        not each.called_off and not any(is_old(each, end) for end in past)
        for each in notices(said, node["metadata"]["name"], now)
    )
    # Opened between the notice and its fence, it would take pods that had to leave at once.
    if standing and doomed_node.read(node) is None:
        return "its notice is not acted on"
    return ""


def _waited(node: JsonMap, now: datetime) -> timedelta:
    """Since it became Ready."""
    ready_at = pods.ready_since(node)
    # The kubelet's clock, which may be wrong; it must not make the wait endless.
    return min(age(node, now), now - ready_at) if ready_at and ready_at <= now else age(node, now)


def _has(node: JsonMap, key: str) -> bool:
    return any(taint["key"] == key for taint in node["spec"].get("taints") or [])


def _others(node: JsonMap) -> list[JsonMap]:
    ours = (names.AGENT_NOT_READY, names.UNHEARD)
    return [taint for taint in node["spec"].get("taints") or [] if taint["key"] not in ours]


def _patch(node: JsonMap, taints: list[JsonMap]) -> JsonMap:
    # A list is replaced as a whole by a merge patch: never over a taint that was not seen.
    seen = {key: node["metadata"][key] for key in ("uid", "resourceVersion")}
    return {"metadata": seen, "spec": {"taints": taints}}
