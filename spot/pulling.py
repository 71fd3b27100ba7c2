"""Pulls images ahead: a pod that mounts the image as a volume (KEP-4639) runs once the image is on its node.

It is bound to one node, asks for next to nothing, makes way for every other pod, and goes as soon as it runs.
The admission policy `…-spot-controller-pods` of the chart lets the handler create pods of no other shape.
"""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from spot import doomed_node, names, pods
from spot.errors import Conflict, Missing, SpotError
from spot.images import Pull, plan
from spot.kube.cache import Cache
from spot.kube.connection import Connection
from spot.kube.kinds import KINDS
from spot.pods import JsonMap
from spot.settings import AheadSettings
from spot.times import parse

if TYPE_CHECKING:
    from spot.metrics import Metrics

log = logging.getLogger(__name__)

POD = KINDS["Pod"]
AT_ONCE, AT_ONCE_ON_A_NODE = 10, 2
DEADLINE_SECONDS = 300
# The deadline counts from the kubelet's first look: a pod whose node has gone never has one.
LOST = timedelta(seconds=DEADLINE_SECONDS + 60)
# A kubelet tells of a new image some seconds later; one that cannot be pulled is not asked for all the time.
SETTLE, RETRY = timedelta(minutes=1), timedelta(minutes=10)
NOBODY = 65532


@dataclass(frozen=True)
class Ahead:
    """A pod that pulls. `ended` is "pulled", "failed" or "" (it still pulls)."""

    namespace: str
    name: str
    uid: str
    node: str
    ended: str


class ImagesAhead:
    """`look` every 20 seconds or so, and at once when a node is called back."""

    def __init__(
        self, connection: Connection, cache: Cache, settings: AheadSettings, metrics: Metrics
    ) -> None:
        self._connection, self._cache, self._settings, self._metrics = connection, cache, settings, metrics
        self._not_before: dict[str, datetime] = {}

    def look(self, now: datetime) -> None:
        """Clear away what has ended, start what is wanted and there is room for. Raises SpotError."""
        if not self._settings.images_ahead:
            return
        # Not from the cache, which knows no pods that have ended.
        found = self._connection.call("GET", POD.path(None), query={"labelSelector": names.IMAGE_AHEAD})
        running = [read(item, now) for item in found["items"]]
        for each in running:
            if each.ended:
                self._clear_away(each, now)
        self._not_before = {name: until for name, until in self._not_before.items() if until > now}
        self._start([each for each in running if not each.ended], now)

    def _start(self, there: list[Ahead], now: datetime) -> None:
        nodes = self._cache.all("Node")
        fenced = {node["metadata"]["name"] for node in nodes if doomed_node.read(node) is not None}
        wanted = plan(
            self._cache.all("Deployment"),
            nodes,
            fenced,
            self._settings.image_copies,
            self._settings.image_namespaces,
        )
        for pull in within_bounds(wanted, there, lambda name: name in self._not_before):
            body = pulling_pod(pull, self._settings.pause_image, self._settings.priority_class)
            try:
                self._connection.call("POST", POD.path(pull.namespace), body=body)
                log.info("%s is pulled ahead to %s", pull.image, pull.node)
            except Conflict:
                continue
            except SpotError as error:
                # A full quota is one club's trouble, not the others'.
                log.warning("%s cannot be pulled ahead to %s: %s", pull.image, pull.node, error)
                self._metrics.images_ahead.labels("refused").inc()
                self._not_before[name_of(pull)] = now + RETRY

    def _clear_away(self, each: Ahead, now: datetime) -> None:
        body = {"preconditions": {"uid": each.uid}, "gracePeriodSeconds": 0}
        try:
            self._connection.call("DELETE", POD.path(each.namespace, each.name), body=body)
        except (Missing, Conflict):
            return
        except SpotError as error:
            # It ends by its own deadline; the other images are not to wait for that.
            log.warning("%s/%s cannot be deleted: %s", each.namespace, each.name, error)
            return
        self._metrics.images_ahead.labels(each.ended).inc()
        self._not_before[each.name] = now + (SETTLE if each.ended == "pulled" else RETRY)


def within_bounds(
    wanted: Iterable[Pull], running: Iterable[Ahead], rests: Callable[[str], bool]
) -> list[Pull]:
    """Those that may start now: few at once on a node, whose network also serves visitors."""
    going = list(running)
    names_going = {each.name for each in going}
    on_node = Counter(each.node for each in going)
    chosen: list[Pull] = []
    for pull in wanted:
        name = name_of(pull)
        if name in names_going or rests(name) or on_node[pull.node] >= AT_ONCE_ON_A_NODE:
            continue
        if len(going) + len(chosen) >= AT_ONCE:
            break
        on_node[pull.node] += 1
        chosen.append(pull)
    return chosen


def name_of(pull: Pull) -> str:
    """The same for the same image on the same node, so that two handlers start one pod."""
    digest = hashlib.sha256(f"{pull.namespace} {pull.image} {pull.node}".encode()).hexdigest()
    return f"image-ahead-{digest[:16]}"


def pulling_pod(pull: Pull, pause_image: str, priority_class: str) -> JsonMap:
    """Fit for Pod Security "restricted" and for a club's quota and limits."""
    here = {"key": "metadata.name", "operator": "In", "values": [pull.node]}
    affinity = {
        "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{"matchFields": [here]}]}
    }
    container = {
        "name": "pause",
        "image": pause_image,
        "imagePullPolicy": "IfNotPresent",
        # A container's own start needs more than it then holds.
        "resources": {"requests": {"cpu": "1m", "memory": "8Mi"}, "limits": {"memory": "32Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [{"name": "image", "mountPath": "/image", "readOnly": True}],
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name_of(pull),
            "namespace": pull.namespace,
            "labels": {names.IMAGE_AHEAD: "true"},
        },
        "spec": {
            "activeDeadlineSeconds": DEADLINE_SECONDS,
            "affinity": {"nodeAffinity": affinity},
            "automountServiceAccountToken": False,
            "containers": [container],
            "enableServiceLinks": False,
            "imagePullSecrets": [{"name": each} for each in pull.pull_secrets],
            "priorityClassName": priority_class,
            "restartPolicy": "Never",
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": NOBODY,
                "runAsGroup": NOBODY,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "terminationGracePeriodSeconds": 0,
            "volumes": [{"name": "image", "image": {"reference": pull.image, "pullPolicy": "IfNotPresent"}}],
        },
    }


def read(pod: JsonMap, now: datetime) -> Ahead:
    """A pulling pod as it stands. Its container starts only with the image on the node."""
    created_at = parse(pod["metadata"].get("creationTimestamp")) or now
    status = pod.get("status", {})
    states = [each.get("state") or {} for each in status.get("containerStatuses") or []]
    ended = ""
    if any("running" in state for state in states) or status.get("phase") == "Succeeded":
        ended = "pulled"
    elif status.get("phase") == "Failed" or now - created_at > LOST:
        ended = "failed"
    namespace, name = pods.key(pod)
    return Ahead(namespace, name, pods.uid(pod), pods.node(pod) or _asked_node(pod), ended)


def _asked_node(pod: JsonMap) -> str:
    affinity = ((pod["spec"].get("affinity") or {}).get("nodeAffinity") or {}).get(
        "requiredDuringSchedulingIgnoredDuringExecution"
    ) or {}
    for term in affinity.get("nodeSelectorTerms") or []:
        for each in term.get("matchFields") or []:
            return str(each["values"][0])
    return ""
