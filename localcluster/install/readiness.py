"""Wait until workloads are ready, tell what is waited for and why, and say why one does not get there."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx

from localcluster.api import Api
from localcluster.errors import ClusterError
from localcluster.install.cause import Cause, News, sentences
from localcluster.install.trouble import describe
from localcluster.install.waits import causes
from localcluster.install.workload import Workload, may_wait, read_pod, read_workload
from localcluster.report import Report

PAUSE_SECONDS = 1.0
# A pod that is stuck for so long does not get loose without help: an image that is not there, a program that
# ends at once. Shorter, and a start that only has to wait for another would look like it.
HOPELESS_SECONDS = 90


@dataclass(frozen=True)
class Unready:
    """What is not ready at one moment: `workloads`, why their pods wait, and which of those are stuck."""

    workloads: tuple[Workload, ...] = ()
    causes: Mapping[str, Cause] = field(default_factory=dict)
    stuck: frozenset[str] = frozenset()

    @property
    def counts(self) -> str:
        return ", ".join(map(str, self.workloads))


def wait_until_ready(api: Api, namespaces: Iterable[str], report: Report, deadline_seconds: float) -> None:
    """Every workload there runs its newest version in full; ClusterError with the causes and the evidence.

    Those that only keep room are not waited for.
    """
    names, news = tuple(namespaces), News()
    deadline = time.monotonic() + deadline_seconds
    stuck_since: dict[str, float] = {}
    told = ""
    while (unready := look(api, names)).workloads:
        if unready.counts != told:
            told = unready.counts
            report(f"waiting for {told}")
        now = time.monotonic()
        for line in news.tell(unready.causes, now):
            report(line)
        stuck_since = {pod: stuck_since.get(pod, now) for pod in unready.stuck}
        if now > deadline or any(now - since > HOPELESS_SECONDS for since in stuck_since.values()):
            why = "".join(f"\n  - {line}" for line in sentences(unready.causes))
            raise ClusterError(f"Not ready: {told}.{why}\n{describe(api, unready.workloads)}")
        time.sleep(PAUSE_SECONDS)


def wait_until_answering(port: int, host: str, report: Report, deadline_seconds: float) -> None:
    """The host name answers through the ingress on the host's loopback: ready is not yet reachable."""
    deadline = time.monotonic() + deadline_seconds
    said = ""
    with httpx.Client(trust_env=False, timeout=10) as client:
        while time.monotonic() < deadline:
            try:
                answer = client.get(f"http://127.0.0.1:{port}/healthz", headers={"Host": host})
                if answer.status_code == 200:
                    return
                now = f"{answer.status_code} {answer.text.strip()[:200]}"
            except httpx.TransportError as error:
                now = str(error)
            if now != said:
                report(f"waiting for http://{host}:{port}: {now}")
                said = now
            time.sleep(PAUSE_SECONDS)
    raise ClusterError(f"http://{host}:{port}/healthz does not answer with 200: {said}")


def look(api: Api, namespaces: Iterable[str]) -> Unready:
    """What of these namespaces is not ready now."""
    names = tuple(namespaces)
    waiting = tuple(w for namespace in names for w in _workloads(api, namespace) if not w.is_ready)
    if not waiting:
        return Unready()
    pods = _items(api, names, "pods")
    warnings = _items(api, names, "events", fieldSelector="type=Warning")
    nodes = api.get("/api/v1/nodes")["items"]
    read = [read_pod(pod) for pod in pods if any(workload.owns(pod) for workload in waiting)]
    return Unready(
        workloads=waiting,
        causes=causes(waiting, pods, nodes, warnings, datetime.now(UTC)),
        stuck=frozenset(pod.name for pod in read if pod.is_stuck),
    )


def _workloads(api: Api, namespace: str) -> list[Workload]:
    return [
        read_workload(kind, item)
        for kind in ("Deployment", "StatefulSet", "DaemonSet")
        for item in api.get(f"/apis/apps/v1/namespaces/{namespace}/{kind.lower()}s")["items"]
        if not may_wait(item)
    ]


def _items(api: Api, namespaces: Iterable[str], kind: str, **parameters: str) -> list[dict[str, Any]]:
    return [
        item
        for namespace in namespaces
        for item in api.get(f"/api/v1/namespaces/{namespace}/{kind}", **parameters)["items"]
    ]
