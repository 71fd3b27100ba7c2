"""Wait until workloads are ready, tell what is waited for, and say why one does not get there."""

import time
from collections.abc import Iterable

import httpx

from localcluster.api import Api
from localcluster.errors import ClusterError
from localcluster.install.trouble import describe
from localcluster.install.workload import Pod, Workload, may_wait, read_pod, read_workload
from localcluster.report import Report

PAUSE_SECONDS = 0.5
# A pod that is stuck for so long does not get loose without help: an image that is not there, a program that
# ends at once. Shorter, and a start that only has to wait for another would look like it.
HOPELESS_SECONDS = 90


def wait_until_ready(api: Api, namespaces: Iterable[str], report: Report, deadline_seconds: float) -> None:
    """Every workload there runs its newest version in full; ClusterError with evidence.

    Those that only keep room are not waited for.
    """
    names = tuple(namespaces)
    deadline = time.monotonic() + deadline_seconds
    stuck_since: dict[str, float] = {}
    told: tuple[str, ...] = ()
    while True:
        workloads = [w for namespace in names for w in workloads_of(api, namespace)]
        waiting = [w for w in workloads if not w.is_ready]
        if not waiting:
            return
        if (lines := tuple(str(w) for w in waiting)) != told:
            report(f"waiting for {', '.join(lines)}")
            told = lines
        now = time.monotonic()
        stuck = {pod.name: stuck_since.get(pod.name, now) for pod in pods_of(api, names) if pod.is_stuck}
        stuck_since = stuck
        if now > deadline or any(now - since > HOPELESS_SECONDS for since in stuck.values()):
            raise ClusterError(f"Not ready: {', '.join(lines)}.\n{describe(api, waiting)}")
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


def workloads_of(api: Api, namespace: str) -> list[Workload]:
    return [
        read_workload(kind, item)
        for kind in ("Deployment", "StatefulSet", "DaemonSet")
        for item in api.get(f"/apis/apps/v1/namespaces/{namespace}/{kind.lower()}s")["items"]
        if not may_wait(item)
    ]


def pods_of(api: Api, namespaces: Iterable[str]) -> list[Pod]:
    return [
        read_pod(item)
        for namespace in namespaces
        for item in api.get(f"/api/v1/namespaces/{namespace}/pods")["items"]
    ]
