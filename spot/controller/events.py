"""Kubernetes Events: what `kubectl describe` shows of an interruption on its Node and its Deployments."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from spot.controller.news import News
from spot.kube.connection import Connection
from spot.kube.kinds import EVENTS
from spot.times import zulu

COMPONENT = "madang-spot"


def event(news: News, now: datetime, identity: str) -> dict[str, Any]:
    """The Event of one piece of news. The same news has the same name: told once, by whomever."""
    subject, reason, message = news.subject, news.reason, news.message
    api_version = "apps/v1" if subject.kind == "Deployment" else "v1"
    namespace = subject.namespace or "default"
    digest = hashlib.sha256(f"{identity} {reason} {message}".encode()).hexdigest()[:16]
    involved = {"apiVersion": api_version, "kind": subject.kind, "name": subject.name}
    if subject.namespace:
        involved["namespace"] = subject.namespace
    # kubectl finds a Node's Events by its name in place of its uid, as the kubelet writes them.
    involved["uid"] = subject.uid or subject.name
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"{subject.name}.{digest}"[-253:], "namespace": namespace},
        "involvedObject": involved,
        "type": "Warning" if news.warning else "Normal",
        "reason": reason,
        "message": message[:1000],
        "source": {"component": COMPONENT},
        "reportingComponent": COMPONENT,
        "firstTimestamp": zulu(now.replace(microsecond=0)),
        "lastTimestamp": zulu(now.replace(microsecond=0)),
        "count": 1,
    }


def send(connection: Connection, body: dict[str, Any]) -> None:
    """Raises Conflict when it was told before."""
    connection.call("POST", EVENTS.path(body["metadata"]["namespace"]), body=body)
