"""What of a cluster runs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from localcluster import api, cgroups, machines
from localcluster.errors import ClusterError
from localcluster.install.cause import sentences
from localcluster.install.readiness import Unready, look
from localcluster.install.steps import PLATFORM_NAMESPACES
from localcluster.instance import MIB, Instance


@dataclass(frozen=True)
class Seen:
    """What the API server says: of each node some words, which are cordoned, what of Madang is not ready."""

    nodes: Mapping[str, str]
    answers: bool = True
    cordoned: tuple[str, ...] = ()
    unready: Unready = field(default_factory=Unready)

    def lines(self) -> Iterator[str]:
        """What an operator has to know besides, and do."""
        if self.unready.workloads:
            yield f"not ready: {self.unready.counts}"
            yield from (f"  {line}" for line in sentences(self.unready.causes))
        if self.cordoned:
            names = " ".join(self.cordoned)
            yield f"cordoned, so without new pods: {names}. Next: bin/kubectl uncordon {names}"


def show(instance: Instance) -> int:
    """Print the machines, the nodes as Kubernetes sees them, what waits, the addresses; 0 if all runs."""
    if not instance.state.exists():
        print(f"There is no cluster {instance.name!r} at {instance.state}. `make up` makes one.")
        return 3
    expected = [machines.CONTROL, *(node.name for node in instance.nodes)]
    beside = {machines.CLOUD, *machines.names(instance)} - set(expected)
    known = [*expected, *sorted(name for name in beside if machines.home(instance, name).exists())]
    seen = _seen(instance)
    print(f"{'machine':12} {'state':9} {'pid':>8} {'processes':>9} {'memory':>9}  node")
    running = 0
    for name in known:
        pid = machines.pid(instance, name)
        running += name in expected and pid is not None
        path = machines.cgroup(instance, name)
        memory = (cgroups.memory_bytes(path) or 0) // MIB
        count = len(cgroups.processes(path))
        state = "running" if pid else "stopped"
        print(f"{name:12} {state:9} {pid or '-':>8} {count:9} {memory:5} MiB  {seen.nodes.get(name, '')}")
    if lines := list(seen.lines()):
        print("\n" + "\n".join(lines))
    if running < len(expected):
        return 3
    ports = instance.ports
    print(f"\nvisitors http://127.0.0.1:{ports.http}  API {instance.api_url}  mirror {instance.mirror_url}")
    print(f"KUBECONFIG={instance.kubeconfig}")
    return 0 if seen.answers and not seen.unready.workloads else 3


def _seen(instance: Instance) -> Seen:
    """Nothing if the control plane is stopped or its API server does not answer."""
    if machines.pid(instance, machines.CONTROL) is None:
        return Seen({}, answers=False)
    try:
        with api.connect(instance) as server:
            nodes = server.get("/api/v1/nodes")["items"]
            unready = look(server, PLATFORM_NAMESPACES)
    except (ClusterError, OSError):
        return Seen({machines.CONTROL: "API server does not answer"}, answers=False)
    return Seen(
        nodes={node["metadata"]["name"]: _words(node) for node in nodes},
        cordoned=tuple(node["metadata"]["name"] for node in nodes if node["spec"].get("unschedulable")),
        unready=unready,
    )


def _words(node: Mapping[str, Any]) -> str:
    """Its condition, capacity and zone."""
    labels = node["metadata"]["labels"]
    said = [
        "Ready" if api.node_is_ready(node) else "not Ready",
        *(["cordoned"] if node["spec"].get("unschedulable") else []),
        labels.get("karpenter.sh/capacity-type", ""),
        labels.get("topology.kubernetes.io/zone", ""),
    ]
    return ", ".join(said)
