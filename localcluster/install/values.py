"""The chart's values for an embedded cluster."""

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address
from typing import Any

from localcluster import pause
from localcluster.install.volumes import STORAGE_CLASS, VOLUMES
from localcluster.instance import (
    API_PORT,
    CLUSTER_DOMAIN,
    CONTROL_ADDRESS,
    DRILL_PORT,
    EGRESS_PORT,
    MIRROR_PORT,
    NODE_NETWORK,
    REGISTRY_SERVICE_ADDRESS,
    Instance,
)

NAMESPACE = "madang"
SPOT_NAMESPACE = "madang-spot"
DOMAIN = "madang.localhost"
# Nodes have no cluster DNS, and their containerd has to fetch the registry's tokens somewhere.
PORTAL_SERVICE_ADDRESS = IPv4Address("10.96.0.51")


def chart_values(
    instance: Instance, images: Mapping[str, str], base_images: Sequence[str] = ()
) -> dict[str, Any]:
    """`images` by their names, `base_images` as a Dockerfile's FROM has them."""
    control = f"{CONTROL_ADDRESS}/32"
    postgres = VOLUMES["postgres"]
    return {
        "domain": DOMAIN,
        "public": {"scheme": "http", "port": instance.ports.http},
        "clusterDomain": CLUSTER_DOMAIN,
        "images": {
            **{name: images[name] for name in ("platform", "builder", "postgres", "redis", "registry")},
            "agent": images["spot-agent"],
            "pause": pause.IMAGE,
        },
        "portal": {"clusterIP": str(PORTAL_SERVICE_ADDRESS)},
        "git": {"storage": _storage("git")},
        "postgresql": {
            "runAsUser": postgres.user,
            "runAsGroup": postgres.group,
            # The folder is the user's own, and PostgreSQL refuses one whose group may write.
            "fsGroup": None,
            "storage": _storage("postgres"),
        },
        "registry": {
            "clusterIP": str(REGISTRY_SERVICE_ADDRESS),
            "tokenRealm": f"http://{PORTAL_SERVICE_ADDRESS}/registry/token",
            "storage": _storage("registry"),
        },
        "builds": {
            "egress": [{"cidr": control, "ports": [MIRROR_PORT, EGRESS_PORT]}],
            "baseImages": sorted(base_images),
        },
        # The one node that stays is busy at times, and its kubelet late: its pods could go nowhere else.
        "placement": {"tolerations": [_waits_for_its_node(key) for key in ("not-ready", "unreachable")]},
        # A few small nodes: room for a handful of projects, and most of the room stays theirs.
        "spot": {
            "agent": {"namespace": SPOT_NAMESPACE},
            "headroom": {"replicas": 1, "most": 4, "unit": {"cpu": "250m", "memory": "128Mi"}},
        },
        # A drill has the stand-in cloud take a node.
        "drills": {
            "provider": "local",
            "url": f"http://{CONTROL_ADDRESS}:{DRILL_PORT}",
            "egress": [{"cidr": control, "port": DRILL_PORT}],
        },
        "network": {
            "nodes": [str(NODE_NETWORK)],
            "apiServer": [{"cidr": control, "port": API_PORT}],
            "dns": [control],
        },
    }


def _waits_for_its_node(taint: str) -> dict[str, object]:
    """As long as Kubernetes has pods wait by itself; projects wait 5 s here (localcluster.control_plane)."""
    return {
        "key": f"node.kubernetes.io/{taint}",
        "operator": "Exists",
        "effect": "NoExecute",
        "tolerationSeconds": 300,
    }


def _storage(name: str) -> dict[str, str]:
    return {"size": VOLUMES[name].size, "storageClassName": STORAGE_CLASS}
