"""Pools that the spot market takes back: instances of one type in one zone go together. Pure.

Of those that are interrupted together in one pool, 92 % are within three minutes. So once two have been
noticed, new pods go elsewhere if there is room elsewhere; if there is not, they come here all the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from spot import doomed_node, names, pods
from spot.interruption import Kind
from spot.pods import JsonMap
from spot.times import parse, zulu

TOGETHER = timedelta(minutes=3)
# A pool that goes node by node is written down anew only when it matters: each other node is a request.
COARSE = timedelta(minutes=1)
# What the market says. An Auto Scaling group or a maintenance says nothing of a pool.
OF_THE_MARKET = frozenset({Kind.REBALANCE, Kind.SPOT_INTERRUPTION})


@dataclass(frozen=True)
class Change:
    """What is to be written on one node. `until` None: nothing is known against its pool any more."""

    node: JsonMap
    pool: str
    until: datetime | None
    patch: JsonMap


def changes(nodes: Iterable[JsonMap], quiet: timedelta, now: datetime) -> Iterator[Change]:
    """What differs from what the nodes say; `quiet` is how long a pool is avoided after its last two notices.

    With no `quiet` no pool is avoided.
    """
    found: dict[str, list[JsonMap]] = defaultdict(list)
    for node in nodes:
        found[pool_of(node)].append(node)
    found.pop("", None)
    for pool, members in found.items():
        until = _at_risk_until(members, quiet) if quiet else None
        if until is not None and until <= now:
            until = None
        for node in members:
            # One with a notice of its own is fenced as that says.
            if doomed_node.read(node) is None and (patch := _patch(node, until)) is not None:
                yield Change(node, pool, until, patch)


def pool_of(node: JsonMap) -> str:
    """ "m5.large in eu-west-1a", or "" for what is no spot node or does not say where it is."""
    having = pods.labels(node)
    type_, zone = having.get(names.INSTANCE_TYPE), having.get(names.ZONE)
    spot = having.get(names.CAPACITY_TYPE) == "spot"
    return f"{type_} in {zone}" if spot and type_ and zone else ""


def is_avoided(node: JsonMap) -> bool:
    """Whether new pods avoid it for its pool's sake."""
    return any(map(doomed_node.is_of_pool, node["spec"].get("taints") or []))


def _at_risk_until(members: Iterable[JsonMap], quiet: timedelta) -> datetime | None:
    """The latest that its nodes say or that follows from two notices: nodes go, and take theirs along."""
    known, noticed = [], []
    for node in members:
        if (said := parse(pods.notes(node).get(names.POOL_AT_RISK_UNTIL))) is not None:
            known.append(said)
        state = doomed_node.read(node)
        if state and state.called_off_at is None and state.interruption.kind in OF_THE_MARKET:
            noticed.append(state.interruption.noticed_at)
    together = [late + quiet for early, late in pairwise(sorted(noticed)) if late - early <= TOGETHER]
    return max([*known, *together], default=None)


def _patch(node: JsonMap, until: datetime | None) -> JsonMap | None:
    said, avoided = pods.notes(node).get(names.POOL_AT_RISK_UNTIL), is_avoided(node)
    if until is None:
        if said is None and not avoided:
            return None
    elif avoided and (known := parse(said)) is not None and until - known < COARSE:
        return None
    taints = [each for each in node["spec"].get("taints") or [] if not doomed_node.is_of_pool(each)]
    if until is not None:
        taints.append(doomed_node.of_pool())
    metadata = {
        "uid": node["metadata"]["uid"],
        # A list is replaced as a whole by a merge patch: never over a taint that was not seen.
        "resourceVersion": node["metadata"]["resourceVersion"],
        "annotations": {names.POOL_AT_RISK_UNTIL: zulu(until)},
    }
    return {"metadata": metadata, "spec": {"taints": taints}}
