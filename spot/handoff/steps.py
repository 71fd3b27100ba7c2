"""The doing of a decision: one request each, conditional on the pod that was looked at."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from spot import names, pods
from spot.errors import Missing, Outdated
from spot.handoff.decision import Action, Detach, Evict, Mark, Unserve
from spot.handoff.scene import Doomed
from spot.kube.cache import Cache
from spot.kube.connection import Connection, Refused
from spot.kube.kinds import KINDS
from spot.pods import JsonMap
from spot.times import zulu

POD = KINDS["Pod"]
_OF_A_HANDOFF = (
    names.LABELS_BEFORE,
    names.DISRUPTION_BEFORE,
    names.DETACHED_AT,
    names.DEADLINE,
    names.UNSERVED_AT,
    names.INTERRUPTED_UNTIL,
)


class Steps:
    """Does actions. Raises Conflict when the pod has changed since: look again."""

    def __init__(self, connection: Connection, cache: Cache) -> None:
        self._connection = connection
        self._cache = cache

    def do(
        self,
        action: Action,
        interruption: str,
        deadline: datetime,
        now: datetime,
        still: Callable[[], bool],
    ) -> None:
        """`still`: does it follow from what is known as it is sent? Else it is not, and raises Outdated."""
        connection = self._connection.only_while(still, Outdated)
        # A pod that has gone by itself is where it should be.
        with suppress(Missing):
            match action:
                case Detach(pod):
                    self._patch(connection, pod, detached(pod, interruption, deadline, now))
                case Unserve(pod):
                    self._patch(connection, pod, unserved(pod, now))
                case Mark(pod, until):
                    self._patch(connection, pod, marked(until))
                case Evict():
                    self._evict(connection, action)

    def restore(self, pod: JsonMap) -> None:
        """Put everything back: the ReplicaSet adopts the pod again and drops the extra."""
        with suppress(Missing):
            self._send(self._connection, pods.key(pod), {"metadata": {**_seen(pod), **restored(pod)}})

    def _patch(self, connection: Connection, pod: Doomed, metadata: JsonMap) -> None:
        seen = {"uid": pod.uid, "resourceVersion": pod.version}
        self._send(connection, pod.key, {"metadata": {**seen, **metadata}})

    def _send(self, connection: Connection, key: pods.Key, body: JsonMap) -> None:
        self._cache.put("Pod", connection.call("PATCH", POD.path(*key), body=body))

    def _evict(self, connection: Connection, action: Evict) -> None:
        pod = action.pod
        options: JsonMap = {"preconditions": {"uid": pod.uid}}
        if action.grace is not None:
            options["gracePeriodSeconds"] = int(action.grace.total_seconds())
        namespace, name = pod.key
        body = {
            "apiVersion": "policy/v1",
            "kind": "Eviction",
            "metadata": {"namespace": namespace, "name": name},
            "deleteOptions": options,
        }
        try:
            connection.call("POST", POD.path(namespace, name, "eviction"), body=body)
        except Refused:
            if not action.insist:
                raise
            # The node's end asks no budget either; so the pod has at least its grace.
            connection.call("DELETE", POD.path(namespace, name), body=options)


def detached(pod: Doomed, interruption: str, deadline: datetime, now: datetime) -> JsonMap:
    """The hash goes, what a Service looks at stays. The Deployment owns the pod, which so goes with it.

    Karpenter must not disrupt it meanwhile.
    """
    if pod.group is None:
        raise ValueError(f"{pod.key} has no Deployment to come back to")
    owner = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "name": pod.group.deployment[1],
        "uid": pod.group.uid,
        "controller": False,
        "blockOwnerDeletion": False,
    }
    return {
        "labels": {names.HASH: None, names.HANDOFF: interruption},
        "annotations": {
            names.LABELS_BEFORE: json.dumps(pods.labels(pod.raw), sort_keys=True),
            names.DETACHED_AT: zulu(now),
            names.DEADLINE: zulu(deadline),
            **_undisrupted(pods.notes(pod.raw).get(names.DO_NOT_DISRUPT)),
        },
        "ownerReferences": [owner],
    }


def unserved(pod: Doomed, now: datetime) -> JsonMap:
    return {
        "labels": dict.fromkeys(pod.unserve),
        "annotations": {names.UNSERVED_AT: zulu(now)},
    }


def marked(until: datetime) -> JsonMap:
    return {"annotations": {names.INTERRUPTED_UNTIL: zulu(until)}}


def restored(pod: JsonMap) -> JsonMap:
    """What was taken comes back, what was set goes; no owner, so that the ReplicaSet takes it.

    What somebody else has written on the pod, before or meanwhile, stays.
    """
    before = json.loads(pods.notes(pod).get(names.LABELS_BEFORE) or "{}")
    taken = {name: value for name, value in before.items() if name not in pods.labels(pod)}
    others = [
        owner for owner in pod["metadata"].get("ownerReferences") or [] if owner.get("kind") != "Deployment"
    ]
    return {
        "labels": {**taken, names.HANDOFF: None},
        "annotations": {**dict.fromkeys(_OF_A_HANDOFF), **_disrupted_again(pod)},
        "ownerReferences": others,
    }


def _undisrupted(before: str | None) -> dict[str, str]:
    """Karpenter's annotation, unless the pod's owner says the same already."""
    if before == "true":
        return {}
    return {names.DO_NOT_DISRUPT: "true", names.DISRUPTION_BEFORE: json.dumps(before)}


def _disrupted_again(pod: JsonMap) -> dict[str, str | None]:
    """Karpenter's annotation as it was, if it is ours and nobody has written over it."""
    notes = pods.notes(pod)
    if names.DISRUPTION_BEFORE not in notes or notes.get(names.DO_NOT_DISRUPT) != "true":
        return {}
    return {names.DO_NOT_DISRUPT: json.loads(notes[names.DISRUPTION_BEFORE])}


def _seen(pod: JsonMap) -> JsonMap:
    return {"uid": pods.uid(pod), "resourceVersion": pod["metadata"]["resourceVersion"]}
