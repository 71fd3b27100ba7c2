"""One embedded cluster: its name, places on the disk, ports and nodes, all from the settings."""

import os
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from localcluster.errors import ClusterError
from localcluster.settings import read_settings

# Addresses inside the cluster's own network namespaces: the host never sees them, instances may share them.
CONTROL_ADDRESS = IPv4Address("172.30.0.1")
NODE_NETWORK = IPv4Network("172.30.0.0/24")
POD_NETWORK = IPv4Network("10.244.0.0/16")
SERVICE_NETWORK = IPv4Network("10.96.0.0/16")
DNS_ADDRESS = IPv4Address("10.96.0.10")
REGISTRY_SERVICE_ADDRESS = IPv4Address("10.96.0.50")
CLUSTER_DOMAIN = "cluster.local"

API_PORT = 6443
MIRROR_PORT = 5000
MIRROR_WRITE_PORT = 5010
EGRESS_PORT = 3128
DRILL_PORT = 3129
INGRESS_NODE_PORT = 30080
MAX_INDEX = 30

ZONES = ("local-a", "local-b")
MIB = 1 << 20


class Capacity(StrEnum):
    """How a node is paid for, as Karpenter names it."""

    SPOT = "spot"
    ON_DEMAND = "on-demand"


@dataclass(frozen=True)
class Node:
    """A worker. Its index (1 is the on-demand node that serves visitors) gives its addresses."""

    name: str
    index: int
    capacity: Capacity
    zone: str
    memory_bytes: int
    instance_type: str = "local.large"
    region: str = "local"

    @property
    def address(self) -> IPv4Address:
        return node_address(self.index)

    @property
    def pod_network(self) -> IPv4Network:
        return pod_network(self.index)

    @property
    def hardware_address(self) -> str:
        return f"02:4d:00:00:00:{self.index:02x}"

    @property
    def labels(self) -> dict[str, str]:
        """The labels of EKS and Karpenter, so that what selects nodes here selects them there."""
        return {
            "karpenter.sh/capacity-type": self.capacity.value,
            "eks.amazonaws.com/capacityType": self.capacity.name,
            "topology.kubernetes.io/zone": self.zone,
            "topology.kubernetes.io/region": self.region,
            "node.kubernetes.io/instance-type": self.instance_type,
        }


def node_address(index: int) -> IPv4Address:
    return NODE_NETWORK[10 + index]


def pod_network(index: int) -> IPv4Network:
    """The /24 of pod addresses of the worker with this index."""
    return IPv4Network((int(POD_NETWORK.network_address) + (index << 8), 24))


@dataclass(frozen=True)
class Ports:
    """Ports of the host's 127.0.0.1; each leads into the cluster, but `proxy`, where the way out listens, and
    `drill`, where the stand-in cloud takes Madang's own orders."""

    http: int
    api: int
    mirror: int
    proxy: int
    drill: int

    @classmethod
    def shifted(cls, offset: int) -> "Ports":
        return cls(
            http=8000 + offset,
            api=6443 + offset,
            mirror=5000 + offset,
            proxy=3128 + offset,
            drill=3129 + offset,
        )


@dataclass(frozen=True)
class Instance:
    """A cluster as its settings describe it. Nothing here says whether it runs."""

    name: str
    state: Path
    cache: Path
    ports: Ports
    nodes: tuple[Node, ...]
    node_memory_bytes: int
    replacement_delay_seconds: float
    startup_taint: bool = True
    programs: Path | None = None

    @classmethod
    def from_environment(cls) -> "Instance":
        """Read MADANG_*; raises ClusterError that names each setting that is wrong."""
        settings = read_settings()
        return cls(
            name=settings.instance,
            state=(settings.state or Path("/var/lib") / settings.instance).expanduser().absolute(),
            cache=(settings.cache or _cache_home() / "madang").expanduser().absolute(),
            ports=Ports.shifted(settings.port_offset),
            nodes=_nodes(settings.ondemand_nodes, settings.spot_nodes, settings.node_memory_mib * MIB),
            node_memory_bytes=settings.node_memory_mib * MIB,
            replacement_delay_seconds=settings.replacement_delay_seconds,
            startup_taint=settings.startup_taint,
            programs=settings.programs.expanduser().absolute() if settings.programs else None,
        )

    @property
    def cgroup(self) -> str:
        """Where this instance's cgroups hang below the root of each hierarchy (or of the systemd scope)."""
        return f"/{self.name}"

    @property
    def machines(self) -> Path:
        return self.state / "machines"

    @property
    def pki(self) -> Path:
        return self.state / "pki"

    @property
    def kubeconfig(self) -> Path:
        """The administrator's, through the host's loopback port."""
        return self.state / "admin.kubeconfig"

    @property
    def volumes(self) -> Path:
        """Folders of local PersistentVolumes; the same path inside every node."""
        return self.state / "volumes"

    @property
    def mirror_storage(self) -> Path:
        """What the mirror holds can be made again, costs minutes, and so outlives `destroy`."""
        return self.cache / "mirror"

    @property
    def mirror_url(self) -> str:
        """The mirror as the host writes to it."""
        return f"http://127.0.0.1:{self.ports.mirror}"

    @property
    def api_url(self) -> str:
        return f"https://127.0.0.1:{self.ports.api}"

    def node(self, name: str) -> Node:
        """The node of that name; raises ClusterError naming those there are."""
        for node in self.nodes:
            if node.name == name:
                return node
        raise ClusterError(f"There is no node {name!r}. Nodes: {', '.join(n.name for n in self.nodes)}.")


def _cache_home() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def _nodes(ondemand: int, spot: int, memory_bytes: int) -> tuple[Node, ...]:
    names = [(f"ondemand-{i}", Capacity.ON_DEMAND, i) for i in range(1, ondemand + 1)]
    # Spot nodes start at a fixed index, so that a change of the on-demand count moves no address.
    names += [(f"spot-{i}", Capacity.SPOT, 8 + i) for i in range(1, spot + 1)]
    return tuple(
        Node(name, index, capacity, ZONES[(int(name.rpartition("-")[2]) - 1) % len(ZONES)], memory_bytes)
        for name, capacity, index in names
    )
