"""The objects of one release of a project. Pure: the same order and settings give the same objects."""

from __future__ import annotations

import base64
from typing import Any

from deployer.kube.placement import placement
from deployer.rollout import names
from deployer.rollout.order import RolloutOrder
from deployer.rollout.settings import RolloutSettings

MEBIBYTE = 1 << 20


def config_secret(order: RolloutOrder) -> dict[str, Any]:
    """The config of this release alone: an undone rollout starts its pods with its own."""
    data = {name: base64.b64encode(value.encode()).decode() for name, value in sorted(order.config.items())}
    metadata = _metadata(order, names.config_secret(order.project, order.release), release=True)
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "Opaque", "data": data}


def deployment(order: RolloutOrder, settings: RolloutSettings) -> dict[str, Any]:
    metadata = _metadata(order, order.project, release=True)
    metadata["annotations"] = {names.FENCE: str(order.fence)}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata,
        "spec": {
            "replicas": order.replicas,
            "revisionHistoryLimit": settings.keep_revisions,
            "minReadySeconds": settings.min_ready_seconds,
            # The follower's own clock, which stops for pulls and missing nodes, decides first.
            "progressDeadlineSeconds": settings.progress_deadline_seconds + settings.wait_deadline_seconds,
            # A new pod before an old one goes: with one replica anything else is an outage.
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
            "selector": {"matchLabels": names.selector(order.project)},
            "template": {"metadata": {"labels": _labels(order, release=True)}, "spec": _pod(order, settings)},
        },
    }


def service(order: RolloutOrder) -> dict[str, Any]:
    """Fenced as the Deployment is: it says who gets visitors, and is written before the Deployment."""
    metadata = _metadata(order, order.project)
    metadata["annotations"] = {names.FENCE: str(order.fence)}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata,
        "spec": {
            "type": "ClusterIP",
            "selector": names.selector(order.project),
            "ports": [{"name": "http", "port": 80, "protocol": "TCP", "targetPort": "http"}],
        },
    }


def ingress(order: RolloutOrder, settings: RolloutSettings) -> dict[str, Any]:
    """Fenced, as a halt takes it away: not over a newer rollout."""
    metadata = _metadata(order, order.project)
    metadata["annotations"] = {names.FENCE: str(order.fence)}
    backend = {"service": {"name": order.project, "port": {"name": "http"}}}
    paths = [{"path": "/", "pathType": "Prefix", "backend": backend}]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": metadata,
        "spec": {
            "ingressClassName": settings.ingress_class,
            "rules": [{"host": order.hostname, "http": {"paths": paths}}],
        },
    }


def disruption_budget(order: RolloutOrder) -> dict[str, Any]:
    """One pod at a time may go; minAvailable 1 would block every drain of a project with one replica."""
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": _metadata(order, order.project),
        "spec": {
            "maxUnavailable": 1,
            "selector": {"matchLabels": names.selector(order.project)},
            # A pod that never became ready protects nothing.
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
        },
    }


def _pod(order: RolloutOrder, settings: RolloutSettings) -> dict[str, Any]:
    return {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": settings.grace_seconds,
        "imagePullSecrets": [{"name": names.PULL_SECRET}],
        "securityContext": identity(settings),
        "topologySpreadConstraints": [
            _spread(order, "kubernetes.io/hostname"),
            _spread(order, "topology.kubernetes.io/zone"),
        ],
        **placement(settings.capacity),
        "containers": [_container(order, settings)],
    }


def _container(order: RolloutOrder, settings: RolloutSettings) -> dict[str, Any]:
    return {
        "name": names.CONTAINER,
        "image": order.image,
        "imagePullPolicy": "IfNotPresent",
        **({"command": list(order.command)} if order.command else {}),
        "ports": [{"name": "http", "containerPort": order.port, "protocol": "TCP"}],
        **surroundings(order, settings),
        "readinessProbe": _probe(order),
        # Endpoints leave the proxies' tables first (measured: 5 s lose no request, 0 s lose some).
        "lifecycle": {"preStop": {"sleep": {"seconds": settings.drain_seconds}}},
    }


def identity(settings: RolloutSettings) -> dict[str, Any]:
    """Who every pod of a project is."""
    # A number, whatever the image says: the kubelet refuses `USER app` as possibly root.
    return {
        "runAsNonRoot": True,
        "runAsUser": settings.run_as,
        "runAsGroup": settings.run_as,
        "fsGroup": settings.run_as,
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def surroundings(order: RolloutOrder, settings: RolloutSettings) -> dict[str, Any]:
    """What every container of a release has: its config, its walls, its share."""
    memory = order.memory_bytes // MEBIBYTE
    return {
        "envFrom": [{"secretRef": {"name": names.config_secret(order.project, order.release)}}],
        # Over the project's config: the Service points at this port.
        "env": [{"name": "HOME", "value": "/tmp"}, {"name": "PORT", "value": str(order.port)}],  # noqa: S108
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        "resources": {
            "requests": {
                "cpu": f"{order.cpu_millicores}m",
                "memory": f"{max(16, memory // 2)}Mi",
                "ephemeral-storage": "64Mi",
            },
            "limits": {
                "memory": f"{memory}Mi",
                "ephemeral-storage": f"{settings.ephemeral_storage_bytes // MEBIBYTE}Mi",
            },
        },
    }


def _probe(order: RolloutOrder) -> dict[str, Any]:
    if order.health_path:
        ask: dict[str, Any] = {"httpGet": {"path": order.health_path, "port": "http", "scheme": "HTTP"}}
    else:
        ask = {"tcpSocket": {"port": "http"}}
    return {**ask, "periodSeconds": 2, "timeoutSeconds": 3, "failureThreshold": 3, "successThreshold": 1}


def _spread(order: RolloutOrder, key: str) -> dict[str, Any]:
    return {
        "maxSkew": 1,
        "topologyKey": key,
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": names.selector(order.project)},
        "matchLabelKeys": ["pod-template-hash"],
    }


def _labels(order: RolloutOrder, *, release: bool) -> dict[str, str]:
    labels = names.labels(order.club, order.project)
    return {**labels, names.RELEASE: str(order.release)} if release else labels


def _metadata(order: RolloutOrder, name: str, *, release: bool = False) -> dict[str, Any]:
    namespace = names.namespace(order.club)
    return {"name": name, "namespace": namespace, "labels": _labels(order, release=release)}
