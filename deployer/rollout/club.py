"""The walls and the budget of a club: its namespace and what is in it before any project is."""

from __future__ import annotations

import base64
import json
from typing import Any

from deployer.rollout import names
from deployer.rollout.order import ClubSpec
from deployer.rollout.settings import RolloutSettings

MEBIBYTE = 1 << 20
# A new pod runs beside the old one while a release rolls out or a pod leaves a doomed node: the wall stands
# at twice the budget, or a club that uses all of its budget could never deploy again.
HEADROOM = 2
PRIVATE = (
    *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"),
    *("169.254.0.0/16", "127.0.0.0/8", "0.0.0.0/8", "224.0.0.0/4", "240.0.0.0/4"),
)


def club_objects(spec: ClubSpec, settings: RolloutSettings) -> list[dict[str, Any]]:
    """In the order in which they have to be applied."""
    return [
        _namespace(spec),
        _quota(spec),
        _limit_range(spec),
        _network_policy(spec, settings),
        _pull_secret(spec, settings),
        _service_account(spec),
    ]


def _object(kind: str, api_version: str, club: ClubSpec, name: str, **content: Any) -> dict[str, Any]:
    metadata = {
        "name": name,
        "namespace": names.namespace(club.slug),
        "labels": {"app.kubernetes.io/managed-by": "madang", names.CLUB: club.slug},
    }
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **content}


def _namespace(spec: ClubSpec) -> dict[str, Any]:
    restricted = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")}
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {
            "name": names.namespace(spec.slug),
            "labels": {"app.kubernetes.io/managed-by": "madang", names.CLUB: spec.slug, **restricted},
        },
    }


def _quota(spec: ClubSpec) -> dict[str, Any]:
    hard = {
        "limits.memory": f"{spec.memory_bytes * HEADROOM // MEBIBYTE}Mi",
        "requests.cpu": f"{spec.cpu_millicores * HEADROOM}m",
        "pods": str(spec.pods * HEADROOM),
        # Ways around the ingress.
        "services.nodeports": "0",
        "services.loadbalancers": "0",
    }
    return _object("ResourceQuota", "v1", spec, "budget", spec={"hard": hard})


def _limit_range(spec: ClubSpec) -> dict[str, Any]:
    defaults = {
        "type": "Container",
        "default": {"memory": "256Mi", "ephemeral-storage": "1Gi"},
        "defaultRequest": {"cpu": "50m", "memory": "64Mi", "ephemeral-storage": "64Mi"},
    }
    return _object("LimitRange", "v1", spec, "defaults", spec={"limits": [defaults]})


def _network_policy(spec: ClubSpec, settings: RolloutSettings) -> dict[str, Any]:
    own: dict[str, Any] = {"podSelector": {}}
    controller = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": settings.ingress_namespace}}
    }
    dns = [
        {
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
            "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
        },
        # A Service's address is translated before the policy sees it, so servers outside of pods stand here.
        *({"ipBlock": {"cidr": address}} for address in settings.dns_addresses),
    ]
    egress: list[dict[str, Any]] = [
        {"to": [own]},
        {"to": dns, "ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]},
    ]
    if settings.world:
        egress.append({"to": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": list(PRIVATE)}}]})
    return _object(
        "NetworkPolicy",
        "networking.k8s.io/v1",
        spec,
        "walls",
        spec={
            "podSelector": {},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [{"from": [own]}, {"from": [controller]}],
            "egress": egress,
        },
    )


def _pull_secret(spec: ClubSpec, settings: RolloutSettings) -> dict[str, Any]:
    login = base64.b64encode(f"{spec.pull_username}:{spec.pull_password}".encode()).decode()
    config = {
        "auths": {
            settings.pull_host: {
                "username": spec.pull_username,
                "password": spec.pull_password,
                "auth": login,
            }
        }
    }
    data = {".dockerconfigjson": base64.b64encode(json.dumps(config).encode()).decode()}
    return _object("Secret", "v1", spec, names.PULL_SECRET, type="kubernetes.io/dockerconfigjson", data=data)


def _service_account(spec: ClubSpec) -> dict[str, Any]:
    return _object(
        "ServiceAccount",
        "v1",
        spec,
        "default",
        automountServiceAccountToken=False,
        imagePullSecrets=[{"name": names.PULL_SECRET}],
    )
