"""What of a cluster runs."""

from localcluster import api, cgroups, machines
from localcluster.errors import ClusterError
from localcluster.instance import MIB, Instance


def show(instance: Instance) -> int:
    """Print the machines, the nodes as Kubernetes sees them, and the addresses; 0 if all of it runs."""
    if not instance.state.exists():
        print(f"There is no cluster {instance.name!r} at {instance.state}. `make up` makes one.")
        return 3
    expected = [machines.CONTROL, *(node.name for node in instance.nodes)]
    beside = {machines.CLOUD, *machines.names(instance)} - set(expected)
    known = [*expected, *sorted(name for name in beside if machines.home(instance, name).exists())]
    seen = _nodes(instance)
    print(f"{'machine':12} {'state':9} {'pid':>8} {'processes':>9} {'memory':>9}  node")
    running = 0
    for name in known:
        pid = machines.pid(instance, name)
        running += name in expected and pid is not None
        path = machines.cgroup(instance, name)
        memory = (cgroups.memory_bytes(path) or 0) // MIB
        count = len(cgroups.processes(path))
        state = "running" if pid else "stopped"
        print(f"{name:12} {state:9} {pid or '-':>8} {count:9} {memory:5} MiB  {seen.get(name, '')}")
    if running == len(expected):
        ports = instance.ports
        print(
            f"\nvisitors http://127.0.0.1:{ports.http}  API {instance.api_url}  mirror {instance.mirror_url}"
        )
        print(f"KUBECONFIG={instance.kubeconfig}")
    return 0 if running == len(expected) else 3


def _nodes(instance: Instance) -> dict[str, str]:
    """Each node's condition, zone and capacity; nothing if the API server does not answer."""
    if machines.pid(instance, machines.CONTROL) is None:
        return {}
    try:
        with api.connect(instance) as server:
            items = server.get("/api/v1/nodes")["items"]
    except (ClusterError, OSError):
        return {machines.CONTROL: "API server does not answer"}
    return {item["metadata"]["name"]: _words(item) for item in items}


def _words(node: dict[str, object]) -> str:
    metadata: dict[str, dict[str, str]] = node["metadata"]  # type: ignore[assignment]
    labels = metadata["labels"]
    ready = "Ready" if api.node_is_ready(node) else "not Ready"
    zone, capacity = (
        labels.get("topology.kubernetes.io/zone", ""),
        labels.get("karpenter.sh/capacity-type", ""),
    )
    return f"{ready}, {capacity}, {zone}"
