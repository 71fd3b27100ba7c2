"""The kinds that the handler knows, and where the API server keeps them."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Kind:
    """One kind: its group's path, its plural, and what to leave out when all are listed."""

    group: str
    plural: str
    namespaced: bool = True
    query: dict[str, str] = field(default_factory=dict)

    def path(self, namespace: str | None, name: str = "", part: str = "") -> str:
        """The collection's or one object's path; `part` is a subresource."""
        where = f"/namespaces/{namespace}" if self.namespaced and namespace else ""
        return "/".join(filter(None, (f"{self.group}{where}/{self.plural}", name, part)))


KINDS = {
    "Node": Kind("/api/v1", "nodes", namespaced=False),
    "Pod": Kind("/api/v1", "pods", query={"fieldSelector": "status.phase!=Succeeded,status.phase!=Failed"}),
    "Service": Kind("/api/v1", "services"),
    "Deployment": Kind("/apis/apps/v1", "deployments"),
    "ReplicaSet": Kind("/apis/apps/v1", "replicasets"),
    "EndpointSlice": Kind("/apis/discovery.k8s.io/v1", "endpointslices"),
    "PersistentVolumeClaim": Kind("/api/v1", "persistentvolumeclaims"),
    "PodDisruptionBudget": Kind("/apis/policy/v1", "poddisruptionbudgets"),
    "NetworkPolicy": Kind("/apis/networking.k8s.io/v1", "networkpolicies"),
}
LEASES = Kind("/apis/coordination.k8s.io/v1", "leases")
CONFIG_MAPS = Kind("/api/v1", "configmaps")
EVENTS = Kind("/api/v1", "events")
