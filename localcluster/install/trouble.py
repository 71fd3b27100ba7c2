"""Why pods are not ready: their state, their newest events, the last lines of their logs."""

from collections.abc import Iterable, Mapping
from typing import Any

from localcluster.api import Api
from localcluster.install.workload import Pod, Workload, read_pod

EVENTS = 5
LOG_LINES = 15


def describe(api: Api, workloads: Iterable[Workload]) -> str:
    """A paragraph for each pod that is not ready, and one for a workload that has no pod at all."""
    paragraphs = [paragraph for workload in workloads for paragraph in _of_workload(api, workload)]
    return "\n\n".join(paragraphs)


def _of_workload(api: Api, workload: Workload) -> list[str]:
    selector = ",".join(f"{key}={value}" for key, value in workload.labels.items())
    items = api.get(f"/api/v1/namespaces/{workload.namespace}/pods", labelSelector=selector)["items"]
    pods = [pod for pod in map(read_pod, items) if not pod.ready]
    if not items:
        lines = _events(api, workload.namespace, workload.kind, workload.name)
        return ["\n".join([f"{workload.kind} {workload.namespace}/{workload.name} has no pod.", *lines])]
    return [_of_pod(api, pod) for pod in pods]


def _of_pod(api: Api, pod: Pod) -> str:
    state = f"{pod.waiting}{f', restarted {pod.restarts} times' if pod.restarts else ''}"
    lines = [f"Pod {pod.namespace}/{pod.name}: {state}. {pod.message}".rstrip()]
    lines += _events(api, pod.namespace, "Pod", pod.name)
    for container in pod.unready_containers:
        lines += _log(api, pod, container)
    return "\n".join(lines)


def _events(api: Api, namespace: str, kind: str, name: str) -> list[str]:
    selector = f"involvedObject.kind={kind},involvedObject.name={name}"
    events = api.get(f"/api/v1/namespaces/{namespace}/events", fieldSelector=selector)["items"]
    newest = sorted(events, key=time_of)[-EVENTS:]
    return [f"  {event.get('reason', '')}: {event.get('message', '').strip()}" for event in newest]


def time_of(event: Mapping[str, Any]) -> str:
    """When the event was last seen, as text that sorts."""
    return (
        event.get("lastTimestamp") or event.get("eventTime") or event["metadata"]["creationTimestamp"] or ""
    )


def _log(api: Api, pod: Pod, container: str) -> list[str]:
    path = f"/api/v1/namespaces/{pod.namespace}/pods/{pod.name}/log"
    for previous in ("false", "true"):
        text = api.text(path, container=container, tailLines=str(LOG_LINES), previous=previous)
        if text:
            return [f"  {container} said:", *(f"    {line}" for line in text.splitlines())]
    return []
