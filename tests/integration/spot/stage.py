"""One scenario's part of the cluster: a namespace, nodes, Deployments, and what is asked of them."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from spot import doomed_node, names, pods
from spot.errors import Conflict, Missing
from spot.kube import Connection
from spot.kube.kinds import CONFIG_MAPS, KINDS
from spot.sources.annotation import encode
from spot.sources.seen import InstanceAction, Lifecycle, Rebalance, ScheduledEvent, Seen
from tests.integration.spot.endpoint_watch import EndpointWatch
from tests.integration.spot.played_kubelets import PlayedKubelets
from tests.integration.spot.played_portal import PlayedPortal

JsonMap = dict[str, Any]
Found = TypeVar("Found")
DEADLINE_SECONDS = 300.0
HANDLER = "madang"
FRESH = {"key": names.AGENT_NOT_READY, "value": "true", "effect": "NoSchedule"}
CLOSED = {"key": "tests.madang.dev/closed", "effect": "NoSchedule"}
# Of a Node that is made, by the API server; the controller that takes it away is not there.
NOT_READY = "node.kubernetes.io/not-ready"


def eventually(look: Callable[[], Found | None], what: str = "it") -> Found:
    """The first truthy answer."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.1)
    raise AssertionError(f"{what} never came to pass")


class Stage:
    """Pods of this scenario run on this scenario's nodes only."""

    def __init__(self, connection: Connection, kubelets: PlayedKubelets, namespace: str) -> None:
        self.connection, self.namespace, self._kubelets = connection, namespace, kubelets
        self.instances: dict[str, str] = {}
        self._seen: dict[str, Seen] = {}
        self.create("/api/v1/namespaces", {"kind": "Namespace", "metadata": {"name": namespace}})

    # What is there.

    def node(
        self,
        name: str,
        provider_id: str | None = None,
        *,
        fresh: bool = False,
        closed: bool = False,
        pool: str = "",
        cpu: int = 64,
    ) -> str:
        """A node that is ready; its full name. `fresh`: its agent is still to come. `closed`: only what
        tolerates that comes there. Those of one `pool` are of one type in one zone. `cpu` in cores.
        """
        full = f"{self.namespace}-{name}"
        self.instances[full] = f"i-{uuid.uuid4().hex[:17]}"
        labels = {
            "tests/stage": self.namespace,
            names.CAPACITY_TYPE: "spot",
            "kubernetes.io/hostname": full,
            **({names.ZONE: "local-a", names.INSTANCE_TYPE: pool} if pool else {}),
        }
        where = provider_id or f"aws:///local-a/{self.instances[full]}"
        taints = [*([FRESH] if fresh else []), *([CLOSED] if closed else [])]
        spec = {"providerID": where, "taints": taints}
        body = {"kind": "Node", "metadata": {"name": full, "labels": labels}, "spec": spec}
        self.create("/api/v1/nodes", body)
        room = {"cpu": str(cpu), "memory": "64Gi", "pods": "500"}
        ready = {"type": "Ready", "status": "True", "reason": "KubeletReady"}
        status = {"capacity": room, "allocatable": room, "conditions": [ready]}
        self.patch(f"/api/v1/nodes/{full}/status", {"status": status})
        self._admit(full)
        return full

    def _admit(self, node: str) -> None:
        """Whatever a controller has written on it meanwhile stays."""
        while True:
            there = self.get("Node", node)
            left = [each for each in there["spec"].get("taints") or [] if each["key"] != NOT_READY]
            seen = {"resourceVersion": there["metadata"]["resourceVersion"]}
            try:
                self.patch(f"/api/v1/nodes/{node}", {"metadata": seen, "spec": {"taints": left}})
                return
            except Conflict:
                continue

    def deploy(self, name: str, replicas: int = 1, **more: Any) -> None:
        """A Deployment and its Service, serving when this returns. `more` as `deployment` takes it."""
        self.create(
            f"/apis/apps/v1/namespaces/{self.namespace}/deployments", self.deployment(name, replicas, **more)
        )
        self.create(f"/api/v1/namespaces/{self.namespace}/services", service(name))
        self.wait_serving(name, replicas)

    def deployment(
        self,
        name: str,
        replicas: int = 1,
        *,
        notes: dict[str, str] | None = None,
        labels: dict[str, str] | None = None,
        grace_seconds: int = 3,
        spec: JsonMap | None = None,
        pod: JsonMap | None = None,
        container: JsonMap | None = None,
    ) -> JsonMap:
        """`spec`, `pod`, `container` are added to the Deployment's, its pod's and its container's spec."""
        return {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": name, "labels": labels or {}},
            "spec": {
                "replicas": replicas,
                "selector": {"matchLabels": {"app": name}},
                "strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
                "template": self.template(name, notes, grace_seconds, pod, container),
                **(spec or {}),
            },
        }

    def template(
        self,
        name: str,
        notes: dict[str, str] | None = None,
        grace_seconds: int = 3,
        pod: JsonMap | None = None,
        container: JsonMap | None = None,
    ) -> JsonMap:
        return {
            "metadata": {"labels": {"app": name}, "annotations": notes or {}},
            "spec": {
                "nodeSelector": {"tests/stage": self.namespace},
                "terminationGracePeriodSeconds": grace_seconds,
                "containers": [{"name": "app", "image": "app:1", **(container or {})}],
                **(pod or {}),
            },
        }

    # What is asked.

    def pods(self, app: str = "") -> list[JsonMap]:
        query = {"labelSelector": f"app={app}"} if app else {}
        found = self.connection.call("GET", KINDS["Pod"].path(self.namespace), query=query)["items"]
        return [pod for pod in found if pod.get("status", {}).get("phase") not in ("Succeeded", "Failed")]

    def pods_on(self, node: str) -> list[JsonMap]:
        return [pod for pod in self.pods() if pods.node(pod) == node]

    def get(self, kind: str, name: str) -> JsonMap:
        found: JsonMap = self.connection.call("GET", KINDS[kind].path(self.namespace, name))
        return found

    def node_state(self, node: str) -> JsonMap:
        """What the handler has written on it; {} for nothing."""
        text = pods.notes(self.get("Node", node)).get(names.INTERRUPTION)
        return dict(json.loads(text)) if text else {}

    def taints(self, node: str) -> set[str]:
        return {each["key"] for each in self.get("Node", node)["spec"].get("taints") or []}

    def endpoints(self, service: str) -> int:
        return len(self.served_by(service))

    def served_by(self, service: str) -> list[str]:
        """The pods that are its ready endpoints."""
        query = {"labelSelector": f"kubernetes.io/service-name={service}"}
        slices = self.connection.call("GET", KINDS["EndpointSlice"].path(self.namespace), query=query)[
            "items"
        ]
        return [
            each["targetRef"]["name"]
            for one in slices
            for each in one.get("endpoints") or []
            if (each.get("conditions") or {}).get("ready") is not False
        ]

    def wait_serving(self, service: str, count: int) -> None:
        eventually(lambda: self.endpoints(service) == count, f"{count} endpoints of {service}")

    def wait_clear(self, node: str) -> None:
        eventually(lambda: self.node_state(node).get("clear_at"), f"{node} clear")

    def wait_scheduler(self) -> None:
        """Until the scheduler knows all that was said of nodes so far: it hears of them in their order."""
        newest = self.node(f"newest-{uuid.uuid4().hex[:5]}", closed=True)
        there = {"nodeSelector": {"kubernetes.io/hostname": newest}, "tolerations": [{"operator": "Exists"}]}
        path = f"/apis/apps/v1/namespaces/{self.namespace}/deployments"
        self.create(path, self.deployment("pilot", pod=there))
        eventually(lambda: [pods.node(pod) for pod in self.pods("pilot")] == [newest], "a pod on a new node")
        self.delete(f"{path}/pilot", {"propagationPolicy": "Background"})
        eventually(lambda: not self.pods("pilot"))
        self.lose(newest)

    def wait_gap(self, node: str, seconds: float) -> None:
        """Until the handler has written down that nothing serves for a pod of the node, and so long more."""

        def runs() -> bool:
            mine = [record for record in self._records() if record["node"] == node]
            return any(pod["gap_since"] for record in mine for pod in record["pods"])

        eventually(runs, "a gap")
        time.sleep(seconds)

    def wait_detached(self, app: str) -> JsonMap:
        return eventually(
            lambda: next((pod for pod in self.pods(app) if names.HANDOFF in pods.labels(pod)), None),
            f"a detached pod of {app}",
        )

    def watch(self, service: str) -> EndpointWatch:
        return EndpointWatch(self.connection, self.namespace, service)

    # What happens.

    def interrupt(
        self, node: str, seconds: float = 600.0, action: str = "terminate", ago: float = 0.0
    ) -> None:
        """As the node's agent writes it: the spot market takes it `seconds` from now, and said so `ago`."""
        now = datetime.now(UTC)
        spot = InstanceAction(
            action=action, time=now + timedelta(seconds=seconds), seen_at=now - timedelta(seconds=ago)
        )
        self._say(node, spot=spot)

    def begin_agent(self, node: str) -> None:
        """It has read for the first time, and there is nothing to tell."""
        self._say(node)

    def rebalance(self, node: str, over: bool = False) -> None:
        before = self._seen.get(node)
        now = datetime.now(UTC)
        said = Rebalance(time=before.rebalance.time if before and before.rebalance else now)
        self._say(node, rebalance=said.model_copy(update={"over_at": now}) if over else said)

    def maintain(self, node: str, seconds: float | None, over: bool = False) -> datetime | None:
        """Its date, which is told. `seconds` None: there is none."""
        now = datetime.now(UTC)
        event = ScheduledEvent(
            id="event-1",
            code="system-reboot",
            not_before=None if seconds is None else now + timedelta(seconds=seconds),
            seen_at=now,
            over_at=now if over else None,
        )
        self._say(node, maintenance=(event,))
        return event.not_before

    def call_off(self, node: str) -> None:
        """As an operator does it."""
        said = {names.CALL_OFF: self.node_state(node)["id"]}
        self.patch(f"/api/v1/nodes/{node}", {"metadata": {"annotations": said}})

    def terminate_by_group(self, node: str) -> None:
        self._say(node, lifecycle=Lifecycle(state="Terminated", seen_at=datetime.now(UTC)))

    def say(self, node: str, text: str) -> None:
        """Any annotation, as if an agent had written it."""
        self.patch(f"/api/v1/nodes/{node}", {"metadata": {"annotations": {names.METADATA: text}}})

    def hold(self, node: str) -> None:
        """Its kubelet starts nothing any more; what is deleted still ends."""
        self._kubelets.hold(node)

    def release(self, node: str) -> None:
        self._kubelets.release(node)

    def lose(self, node: str) -> None:
        """The machine ends, and Kubernetes hears of it: the Node goes, and so do its pods."""
        self._kubelets.silence(node)
        self.delete(f"/api/v1/nodes/{node}")
        for pod in self.pods_on(node):
            where = KINDS["Pod"].path(self.namespace, pod["metadata"]["name"])
            self.delete(where, {"gracePeriodSeconds": 0})

    def left_behind(self) -> list[str]:
        """What the handler should have taken away by now, by name."""
        found = []
        for pod in self.pods():
            ours = [
                *(name for name in pods.labels(pod) if name == names.HANDOFF),
                *(name for name in pods.notes(pod) if name.startswith(("madang.dev/", names.DO_NOT_DISRUPT))),
            ]
            found += [f"Pod {pod['metadata']['name']}: {name}" for name in ours]
        for node in self.connection.call("GET", "/api/v1/nodes")["items"]:
            if node["metadata"]["name"] in self.instances:
                name = node["metadata"]["name"]
                found += [f"Node {name}: fenced"] if doomed_node.is_fenced(node) else []
                found += [f"Node {name}: annotated"] if names.INTERRUPTION in pods.notes(node) else []
        return found + [f"ConfigMap {each}" for each in self.records_left()]

    def records_left(self, handler: str = HANDLER) -> list[str]:
        return [each["id"] for each in self._records(handler) if each["node"] in self.instances]

    def forget_earlier_records(self) -> None:
        """What the last stage's controller had no time for, as its nodes were lost with the stage."""
        for each in self._records():
            self.delete(CONFIG_MAPS.path(HANDLER, f"interruption-{each['id']}"))

    def _records(self, handler: str = HANDLER) -> list[JsonMap]:
        query = {"labelSelector": f"{names.RECORD}=true"}
        found = self.connection.call("GET", CONFIG_MAPS.path(handler), query=query)["items"]
        return [dict(json.loads(each["data"]["record.json"])) for each in found]

    def wait_nothing_left(self) -> None:
        try:
            eventually(lambda: not self.left_behind())
        except AssertionError:
            raise AssertionError(f"left behind: {self.left_behind()}") from None

    # Plain requests.

    def create(self, path: str, body: JsonMap) -> JsonMap:
        groups = {"/apis/apps/": "apps/v1", "/apis/batch/": "batch/v1", "/apis/policy/": "policy/v1"}
        version = next((each for group, each in groups.items() if path.startswith(group)), "v1")
        made: JsonMap = self.connection.call("POST", path, body={"apiVersion": version, **body})
        return made

    def patch(self, path: str, body: JsonMap) -> JsonMap:
        changed: JsonMap = self.connection.call("PATCH", path, body=body)
        return changed

    def change(self, deployment: str, **spec: Any) -> None:
        self.patch(KINDS["Deployment"].path(self.namespace, deployment), {"spec": spec})

    def delete(self, path: str, body: JsonMap | None = None) -> None:
        try:
            self.connection.call("DELETE", path, body=body)
        except Missing:
            return

    def _say(self, node: str, **what: Any) -> None:
        before = self._seen.get(node) or Seen(instance_id=self.instances[node])
        self._seen[node] = before.model_copy(update=what)
        self.say(node, encode(self._seen[node]))


def service(name: str, selector: dict[str, str] | None = None) -> JsonMap:
    ports = [{"port": 80, "targetPort": 8080}]
    return {
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": selector or {"app": name}, "ports": ports},
    }


def budget(name: str, labels: dict[str, str], minimum: int) -> JsonMap:
    return {
        "kind": "PodDisruptionBudget",
        "metadata": {"name": name},
        "spec": {"minAvailable": minimum, "selector": {"matchLabels": labels}},
    }


def end(stage: Stage, portal: PlayedPortal, *nodes: str) -> JsonMap:
    """The nodes go, as was said; all of it is told and nothing left. The record of the first."""
    for node in nodes:
        stage.lose(node)
    records = [eventually(partial(portal.of, node, "gone"), f"{node} gone") for node in nodes]
    stage.wait_nothing_left()
    return portal.records[records[0]["id"]]
