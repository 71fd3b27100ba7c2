"""What the cluster shows of a project that does not answer: its objects, pods, machines and last words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deployer.kube import JsonMap, at
from deployer.kube.nodes import INTERRUPTED
from deployer.kube.objects import condition
from deployer.kube.pods import Pod, read_pods
from deployer.rollout import names
from deployer.rollout.endpoints import ready_addresses

if TYPE_CHECKING:
    from deployer.kube import Kube

_LOG_LINES = 40


@dataclass(frozen=True)
class Sight:
    """`wanted` copies (None: no Deployment); `hostnames` of its Ingress; `endpoints` that take visitors.

    `lost` are the pods' machines that are gone or do not answer, `leaving` those that are about to go. `log`
    is the end of the log of the pod that fares worst, of the run before its last restart if it ended;
    `unready` is what the kubelet last said of its readiness.
    """

    wanted: int | None
    service: bool
    hostnames: frozenset[str]
    endpoints: int
    pods: tuple[Pod, ...]
    lost: frozenset[str] = frozenset()
    leaving: frozenset[str] = frozenset()
    log: tuple[str, ...] = ()
    unready: str = ""

    @property
    def worst(self) -> Pod | None:
        return worst(self.pods)


def look(kube: Kube, club: str, project: str) -> Sight:
    """A few reads of the API server. Raises DeployerError."""
    namespace = names.namespace(club)
    deployment = kube.get("Deployment", namespace, project)
    service = kube.get("Service", namespace, project)
    ingress = kube.get("Ingress", namespace, project)
    pods = read_pods(kube.find("Pod", namespace, labels={names.PROJECT: project}))
    nodes = {node["metadata"]["name"]: node for node in kube.find("Node", None)}
    used = {pod.node for pod in pods if pod.node}
    pod = worst(pods)
    return Sight(
        wanted=None if deployment is None else int(at(deployment, "spec", "replicas", default=1)),
        service=service is not None,
        hostnames=frozenset(
            str(rule.get("host", "")) for rule in at(ingress, "spec", "rules", default=[]) if rule.get("host")
        ),
        endpoints=ready_addresses(kube, namespace, project),
        pods=tuple(pods),
        lost=frozenset(name for name in used if name not in nodes or not _is_ready(nodes[name])),
        leaving=frozenset(name for name in used if name in nodes and _is_leaving(nodes[name])),
        log=tuple(_log(kube, namespace, pod)) if pod else (),
        unready=kube.last_event(namespace, pod.name, reason="Unhealthy") if pod and not pod.ready else "",
    )


def worst(pods: Sequence[Pod]) -> Pod | None:
    """The pod that says most about why nothing answers."""
    staying = [pod for pod in pods if not pod.going] or list(pods)
    return min(staying, key=lambda pod: (pod.ready, -_restarts(pod), -pod.created.timestamp()), default=None)


def _restarts(pod: Pod) -> int:
    container = pod.container(names.CONTAINER)
    return container.restarts if container else 0


def _log(kube: Kube, namespace: str, pod: Pod) -> list[str]:
    container = pod.container(names.CONTAINER)
    if container is None:
        return []
    for previous in (container.restarts > 0 and not container.running, False):
        found = kube.end_of_log(namespace, pod.name, names.CONTAINER, _LOG_LINES, previous=previous)
        if found:
            return found
    return []


def _is_ready(node: JsonMap) -> bool:
    return condition(node, "Ready").get("status") == "True"


def _is_leaving(node: JsonMap) -> bool:
    return any(taint.get("key") == INTERRUPTED for taint in at(node, "spec", "taints", default=[]))
