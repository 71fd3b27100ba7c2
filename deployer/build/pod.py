"""The pod of one build: it fetches the commit, then runs a one-shot BuildKit as nobody on the node. Pure."""

from __future__ import annotations

from typing import Any

from deployer.build.order import BuildLimits, BuildOrder
from deployer.build.settings import BuildSettings
from deployer.kube.placement import placement

SOURCE, BUILD = "source", "build"
# What apt, dpkg and useradd need inside a RUN, and SYS_ADMIN for BuildKit's own mounts: harmless only because
# `hostUsers: false` makes root in this pod nobody on the node.
CAPABILITIES = (
    *("SYS_ADMIN", "SYS_CHROOT", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "MKNOD", "SETUID", "SETGID"),
    *("SETFCAP", "SETPCAP", "KILL", "NET_BIND_SERVICE", "NET_RAW", "AUDIT_WRITE"),
)
MEBIBYTE = 1 << 20


def pod(order: BuildOrder, settings: BuildSettings, secret: str) -> dict[str, Any]:
    """The spec of a build's pod; `secret` names what only this attempt may know."""
    return {
        "restartPolicy": "Never",
        "hostUsers": False,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 10,
        # Of the pod and not of the Job: the clock starts when a node takes the pod, and anew after a loss.
        "activeDeadlineSeconds": order.limits.deadline_seconds,
        **placement(settings.capacity),
        "securityContext": {"runAsUser": 0, "runAsGroup": 0, "seccompProfile": {"type": "RuntimeDefault"}},
        "initContainers": [_source(order, settings)],
        "containers": [_build(order, settings)],
        "volumes": _volumes(order, settings, secret),
    }


def _source(order: BuildOrder, settings: BuildSettings) -> dict[str, Any]:
    return {
        "name": SOURCE,
        "image": settings.builder_image,
        "command": ["fetch-source", "/src"],
        "env": [
            {"name": "SOURCE_URL", "value": order.source_url},
            {"name": "SOURCE_TOKEN_FILE", "value": "/token/token"},
        ],
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        "resources": {
            "requests": {"cpu": "50m", "memory": "32Mi", "ephemeral-storage": "64Mi"},
            "limits": {"cpu": "1", "memory": "256Mi", "ephemeral-storage": "2Gi"},
        },
        "volumeMounts": [
            {"name": "source", "mountPath": "/src"},
            {"name": "token", "mountPath": "/token", "readOnly": True},
        ],
    }


def _build(order: BuildOrder, settings: BuildSettings) -> dict[str, Any]:
    mounts = [
        {"name": "source", "mountPath": "/src"},
        {"name": "cache", "mountPath": "/var/lib/buildkit"},
        {"name": "settings", "mountPath": "/etc/build", "readOnly": True},
        {"name": "push", "mountPath": "/push", "readOnly": True},
    ]
    if order.plan.dockerfile is not None:
        # One file at a time: a whole Secret volume is links to links, which BuildKit would send as such.
        mounts += [
            {"name": "plan", "mountPath": f"/plan/{name}", "subPath": name, "readOnly": True}
            for name in _plan_files(order)
        ]
    return {
        "name": BUILD,
        "image": settings.builder_image,
        "command": ["build-image", order.push_image, "/src", *build_arguments(order)],
        "env": [{"name": "DOCKER_CONFIG", "value": "/push"}],
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"], "add": list(CAPABILITIES)},
        },
        "resources": resources(order.limits),
        "volumeMounts": mounts,
    }


def build_arguments(order: BuildOrder) -> list[str]:
    """What buildctl is told beyond the image and the context."""
    if order.plan.dockerfile is not None:
        arguments = ["--local", "dockerfile=/plan", "--opt", "filename=Dockerfile"]
    else:
        arguments = ["--opt", f"filename={order.plan.dockerfile_path}"]
    cache = f"type=registry,ref={order.cache_image}"
    return [
        *arguments,
        # With this set BuildKit parses the file itself and does not go for the image of a `# syntax=` line.
        *("--opt", "cmdline=builtin"),
        *("--export-cache", f"{cache},mode=max,compression=zstd,ignore-error=true"),
        *("--import-cache", cache),
    ]


def resources(limits: BuildLimits) -> dict[str, Any]:
    """Requests are a share of the limits: the API refuses a request above its limit."""
    return {
        "requests": {
            "cpu": f"{min(500, limits.cpu_millicores)}m",
            "memory": f"{max(1, min(256, limits.memory_bytes // MEBIBYTE // 2))}Mi",
            "ephemeral-storage": f"{max(1, min(1024, limits.disk_bytes // MEBIBYTE // 2))}Mi",
        },
        "limits": {
            "cpu": f"{limits.cpu_millicores}m",
            "memory": f"{limits.memory_bytes // MEBIBYTE}Mi",
            "ephemeral-storage": f"{limits.disk_bytes // MEBIBYTE}Mi",
        },
    }


def _volumes(order: BuildOrder, settings: BuildSettings, secret: str) -> list[dict[str, Any]]:
    def own(name: str, *files: str) -> dict[str, Any]:
        items = [{"key": file, "path": file} for file in files]
        return {"name": name, "secret": {"secretName": secret, "items": items}}

    settings_items = [
        {"key": "buildkitd.toml", "path": "buildkitd.toml"},
        {"key": "env", "path": "env"},
        # A Secret's keys have no slash; every RUN sees files/ as /dev/build.
        {"key": "ca.crt", "path": "files/ca.crt"},
        {"key": "ca.jks", "path": "files/ca.jks"},
    ]
    volumes = [
        {"name": "source", "emptyDir": {"sizeLimit": f"{settings.source_volume_bytes // MEBIBYTE}Mi"}},
        {"name": "cache", "emptyDir": {"sizeLimit": f"{settings.cache_volume_bytes // MEBIBYTE}Mi"}},
        {
            "name": "settings",
            # Optional: outside of the embedded cluster there may be no extra certificates.
            "secret": {"secretName": settings.settings_secret, "items": settings_items, "optional": True},
        },
        own("push", "config.json"),
        own("token", "token"),
    ]
    if order.plan.dockerfile is not None:
        volumes.append(own("plan", *_plan_files(order)))
    return volumes


def _plan_files(order: BuildOrder) -> list[str]:
    return ["Dockerfile"] + (["Dockerfile.dockerignore"] if order.plan.dockerignore is not None else [])
