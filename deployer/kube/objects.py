"""Kubernetes objects as raw dicts (the client's models drop what they do not know), and their paths."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Json = Any
JsonMap = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """Where a kind of object lives: "apps/v1" and its plural name."""

    api_version: str
    plural: str
    namespaced: bool = True


KINDS: Mapping[str, Kind] = {
    "ConfigMap": Kind("v1", "configmaps"),
    "EndpointSlice": Kind("discovery.k8s.io/v1", "endpointslices"),
    "Event": Kind("v1", "events"),
    "LimitRange": Kind("v1", "limitranges"),
    "Namespace": Kind("v1", "namespaces", namespaced=False),
    "Node": Kind("v1", "nodes", namespaced=False),
    "PodMetrics": Kind("metrics.k8s.io/v1beta1", "pods"),
    "NodeMetrics": Kind("metrics.k8s.io/v1beta1", "nodes", namespaced=False),
    "Pod": Kind("v1", "pods"),
    "ResourceQuota": Kind("v1", "resourcequotas"),
    "Secret": Kind("v1", "secrets"),
    "Service": Kind("v1", "services"),
    "ServiceAccount": Kind("v1", "serviceaccounts"),
    "Deployment": Kind("apps/v1", "deployments"),
    "StatefulSet": Kind("apps/v1", "statefulsets"),
    "ReplicaSet": Kind("apps/v1", "replicasets"),
    "Job": Kind("batch/v1", "jobs"),
    "Ingress": Kind("networking.k8s.io/v1", "ingresses"),
    "NetworkPolicy": Kind("networking.k8s.io/v1", "networkpolicies"),
    "RoleBinding": Kind("rbac.authorization.k8s.io/v1", "rolebindings"),
    "SelfSubjectAccessReview": Kind("authorization.k8s.io/v1", "selfsubjectaccessreviews", namespaced=False),
    "PodDisruptionBudget": Kind("policy/v1", "poddisruptionbudgets"),
}


def path(kind: str, namespace: str | None = None, name: str | None = None) -> str:
    """The object's path on the API server, or its collection's when there is no name."""
    known = KINDS[kind]
    base = f"/api/{known.api_version}" if known.api_version == "v1" else f"/apis/{known.api_version}"
    if known.namespaced and namespace:
        base += f"/namespaces/{namespace}"
    base += f"/{known.plural}"
    return f"{base}/{name}" if name else base


def path_of(manifest: Mapping[str, Any]) -> str:
    metadata = manifest["metadata"]
    return path(manifest["kind"], metadata.get("namespace"), metadata["name"])


def title(manifest: Mapping[str, Any]) -> str:
    """ "Deployment club-a/blog", as operators name an object."""
    metadata = manifest["metadata"]
    space = f"{metadata['namespace']}/" if metadata.get("namespace") else ""
    return f"{manifest['kind']} {space}{metadata['name']}"


def condition(item: JsonMap, kind: str) -> JsonMap:
    """The condition of this type in the object's status; empty while there is none."""
    return next((each for each in at(item, "status", "conditions", default=[]) if each["type"] == kind), {})


def at(item: Any, *keys: str | int, default: Any = None) -> Any:
    """The value below `keys`, or `default` as soon as one is not there."""
    for key in keys:
        if isinstance(item, Mapping):
            item = item.get(key)
        elif isinstance(item, list) and isinstance(key, int) and -len(item) <= key < len(item):
            item = item[key]
        else:
            return default
        if item is None:
            return default
    return item
