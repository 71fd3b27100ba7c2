"""The objects of one build: a Job whose pod is a one-shot BuildKit in a user namespace, and its Secret.

The Secret holds what only this attempt may know (the token for its source, the login for its two
repositories) and what it is built by (a generated Dockerfile); it belongs to the Job and goes with it.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from deployer.build.order import BuildOrder
from deployer.build.pod import pod
from deployer.build.settings import BuildSettings
from deployer.kube.jobs import ONE_POD_AT_A_TIME

BUILD_LABEL = "madang.dev/build"


def job_name(order: BuildOrder) -> str:
    return f"build-{order.build}-{order.attempt}"


def labels(order: BuildOrder) -> dict[str, str]:
    return {
        "app.kubernetes.io/name": "build",
        "app.kubernetes.io/managed-by": "madang",
        "madang.dev/club": order.club,
        "madang.dev/project": order.project,
        BUILD_LABEL: order.build,
    }


def secret(order: BuildOrder, settings: BuildSettings, owner: Mapping[str, Any]) -> dict[str, Any]:
    """`owner` is the Job as the API server knows it (its uid)."""
    host = order.push_image.split("/", 1)[0]
    login = f"{order.push_username}:{order.push_password}".encode()
    data = {
        "token": order.source_token,
        "config.json": json.dumps({"auths": {host: {"auth": base64.b64encode(login).decode()}}}),
    }
    if order.plan.dockerfile is not None:
        data["Dockerfile"] = order.plan.dockerfile
        if order.plan.dockerignore is not None:
            # BuildKit looks for it beside the Dockerfile first, then in the context.
            data["Dockerfile.dockerignore"] = order.plan.dockerignore
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": job_name(order),
            "namespace": settings.namespace,
            "labels": labels(order),
            "ownerReferences": [
                {
                    "apiVersion": "batch/v1",
                    "kind": "Job",
                    "name": job_name(order),
                    "uid": owner["metadata"]["uid"],
                    "controller": True,
                    "blockOwnerDeletion": False,
                }
            ],
        },
        "type": "Opaque",
        "data": {name: base64.b64encode(text.encode()).decode() for name, text in data.items()},
    }


def job(order: BuildOrder, settings: BuildSettings) -> dict[str, Any]:
    """Suspended, so that its pod starts only when its Secret is there."""
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": job_name(order), "namespace": settings.namespace, "labels": labels(order)},
        "spec": {
            "suspend": True,
            # The next pod must not start while the last may still write to the cache or push.
            **ONE_POD_AT_A_TIME,
            "ttlSecondsAfterFinished": settings.keep_finished_seconds,
            "template": {
                "metadata": {"labels": labels(order)},
                "spec": pod(order, settings, job_name(order)),
            },
        },
    }
