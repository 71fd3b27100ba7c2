"""A small cluster as JSON, in as few words as a test needs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from spot import names
from spot.handoff.group import Group, Timing, group_of
from spot.handoff.scene import Doomed
from spot.handoff.way import Surroundings, Way
from spot.times import zulu

JsonMap = dict[str, Any]
NOW = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
TIMING = Timing()
HASH = "abc"
SECOND = timedelta(seconds=1)


def doomed(raw: JsonMap, **more: Any) -> Doomed:
    """The pod "old" of "blog", which serves on the node "doomed"; `more` are fields that are otherwise."""
    usual = Doomed(
        key=("club-chess", "old"),
        uid="u-old",
        version="1",
        node="doomed",
        way=Way.HANDOFF,
        reason="",
        owner="Deployment/blog",
        ready=True,
        going=False,
        started=True,
        runs=True,
        grace=30 * SECOND,
        detached=False,
        unserved_at=None,
        listed=True,
        unserve=("app",),
        raw=raw,
    )
    return replace(usual, **more)


def pod(
    name: str = "blog-1",
    node: str = "doomed",
    *,
    namespace: str = "club-chess",
    owner: tuple[str, str] | None = ("ReplicaSet", "blog-abc"),
    hashed: str | None = HASH,
    ready_for: float | None = 60,
    detached: bool = False,
    unserved: bool = False,
    going: bool = False,
    labels: dict[str, str] | None = None,
    notes: dict[str, str] | None = None,
    spec: JsonMap | None = None,
    status: JsonMap | None = None,
    created: datetime = NOW - timedelta(hours=1),
) -> JsonMap:
    """`ready_for` None: not ready. A detached pod is owned by its Deployment and has no hash."""
    having = {"app": "blog", **(labels or {})}
    notes = dict(notes or {})
    owners = (
        [] if owner is None else [{"kind": owner[0], "name": owner[1], "uid": "u-rs", "controller": True}]
    )
    if detached:
        having[names.HANDOFF] = "int-1"
        owners = [{"kind": "Deployment", "name": "blog", "uid": "u-blog", "controller": False}]
    elif hashed:
        having[names.HASH] = hashed
    if unserved:
        notes[names.UNSERVED_AT] = str(zulu(NOW - SECOND))
        having.pop("app")
    conditions = []
    if ready_for is not None:
        since = zulu(NOW - timedelta(seconds=ready_for))
        conditions = [{"type": "Ready", "status": "True", "lastTransitionTime": since}]
    metadata: JsonMap = {
        "name": name,
        "namespace": namespace,
        "uid": f"u-{name}",
        "resourceVersion": "1",
        "labels": having,
        "annotations": notes,
        "ownerReferences": owners,
        "creationTimestamp": zulu(created),
        **({"deletionTimestamp": zulu(NOW)} if going else {}),
    }
    return {
        "metadata": metadata,
        "spec": {"nodeName": node, "containers": [{"name": "app"}], **(spec or {})},
        "status": {"phase": "Running", "conditions": conditions, **(status or {})},
    }


def a_node(name: str) -> JsonMap:
    return {"metadata": {"name": name, "uid": f"u-node-{name}", "resourceVersion": "1"}, "spec": {}}


def deployment(
    replicas: int | None = 1, namespace: str = "club-chess", labels: dict[str, str] | None = None, **spec: Any
) -> JsonMap:
    metadata = {"name": "blog", "namespace": namespace, "uid": "u-blog", "labels": labels or {}}
    template = {"metadata": {"labels": {"app": "blog"}}}
    return {"metadata": metadata, "spec": {"replicas": replicas, "template": template, **spec}}


def replicaset(
    namespace: str = "club-chess",
    name: str = "blog-abc",
    failure: tuple[str, str] | None = None,
    **spec: Any,
) -> JsonMap:
    owner = {"kind": "Deployment", "name": "blog", "uid": "u-blog", "controller": True}
    conditions = []
    if failure is not None:
        conditions = [
            {
                "type": "ReplicaFailure",
                "status": "True",
                "reason": failure[0],
                "message": failure[1],
                "lastTransitionTime": zulu(NOW),
            }
        ]
    metadata = {"name": name, "namespace": namespace, "uid": "u-rs", "ownerReferences": [owner]}
    return {"metadata": metadata, "spec": spec, "status": {"conditions": conditions}}


def service(name: str = "blog", **selector: str) -> JsonMap:
    return {
        "metadata": {"name": name, "namespace": "club-chess"},
        "spec": {"selector": selector or {"app": "blog"}},
    }


def around(
    *services: JsonMap,
    of: JsonMap | None = None,
    sets: Iterable[JsonMap] | None = None,
    budgets: list[JsonMap] | None = None,
    policies: list[JsonMap] | None = None,
    shared: Iterable[str] = (),
) -> Surroundings:
    """What stands around `of` and its pods."""
    of = deployment() if of is None else of
    namespace = of["metadata"]["namespace"]
    same = {name: of["spec"][name] for name in ("minReadySeconds",) if name in of["spec"]}
    replicasets = [replicaset(namespace, **same)] if sets is None else list(sets)
    return Surroundings(
        replicasets={(namespace, each["metadata"]["name"]): each for each in replicasets},
        deployments={(namespace, of["metadata"]["name"]): of},
        services=list(services),
        budgets=budgets or [],
        policies=policies or [],
        shared_claims=frozenset(shared),
    )


def group(
    of: JsonMap,
    its: list[JsonMap],
    surroundings: Surroundings | None = None,
    *,
    listed: set[str] | None = None,
    fenced: dict[str, datetime] | None = None,
    timing: Timing = TIMING,
    sets: Iterable[JsonMap] | None = None,
    now: datetime = NOW,
) -> Group:
    """With the Service `blog`, whose slices list `listed` (all ready pods that it selects, if None)."""
    if listed is None:
        listed = {
            each["metadata"]["uid"]
            for each in its
            if each["status"]["conditions"] and "app" in each["metadata"]["labels"]
        }
    return group_of(
        of,
        surroundings or around(service(), of=of, sets=sets),
        its,
        {"blog": listed, "": listed},
        fenced={"doomed": NOW + timedelta(minutes=2)} if fenced is None else fenced,
        timing=timing,
        now=now,
    )
