"""What the stand-in cloud tells Kubernetes: which instance a node is, and how it ends.

Its end costs least in this order. The Node object goes first (else the scheduler puts the replacements onto
the dead node, which still counts as Ready), then its pods by force: 2.5 s until the replacements are ready,
against 18 s when nothing is said. A pod that had not ended is first marked as disrupted, so that a Job whose
podFailurePolicy ignores DisruptionTarget does not count it as a failure of its own.
"""

import asyncio
import ssl
from datetime import UTC, datetime
from enum import Enum, auto
from typing import Any

import httpx

from localcluster.api import node_is_ready
from localcluster.cloud.record import zulu
from localcluster.instance import Instance
from localcluster.kubelet import STARTUP_TAINT

REASON = "SpotReclaim"
AT_ONCE = 10
TIMEOUT_SECONDS = 10.0


class Standing(Enum):
    """How far a node's start is."""

    NOT_READY = auto()
    READY = auto()
    AT_WORK = auto()
    """Ready, and without the taint that it was registered with: it takes pods."""


class ApiProblem(Exception):
    """The API server did not do as asked; worth another try."""


class Cluster:
    """The API server, as an administrator. Every method raises ApiProblem and may be called again."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._client: httpx.AsyncClient | None = None

    async def identify(self, name: str, provider_id: str) -> Standing:
        """Write the instance's id on its Node, as a cloud-controller-manager does; tell how far it is.

        The id is immutable: one that is there stays.
        """
        path = f"/api/v1/nodes/{name}"
        node = await self._call("GET", path, missing_is_fine=True)
        if node and not node["spec"].get("providerID"):
            named = {"metadata": {"uid": node["metadata"]["uid"]}, "spec": {"providerID": provider_id}}
            await self._call("PATCH", path, named, missing_is_fine=True)
        return _standing(node)

    async def forget_node(self, name: str, reason: str = REASON) -> int:
        """Delete the Node, then its pods by force, those at work marked as disrupted. Gives their number."""
        await self._call("DELETE", f"/api/v1/nodes/{name}", missing_is_fine=True)
        forgotten: set[str] = set()
        # Again until none is left: the scheduler may have placed a pod before it saw the Node go.
        while pods := [p for p in await self._pods(name) if p["metadata"]["uid"] not in forgotten]:
            bound = asyncio.Semaphore(AT_ONCE)
            await asyncio.gather(*(self._forget_pod(pod, reason, bound) for pod in pods))
            forgotten |= {pod["metadata"]["uid"] for pod in pods}
        return len(forgotten)

    async def close(self) -> None:
        client, self._client = self._client, None
        if client:
            await client.aclose()

    async def _pods(self, node: str) -> list[dict[str, Any]]:
        answer = await self._call("GET", "/api/v1/pods", params={"fieldSelector": f"spec.nodeName={node}"})
        pods: list[dict[str, Any]] = answer["items"]
        return pods

    async def _forget_pod(self, pod: dict[str, Any], reason: str, bound: asyncio.Semaphore) -> None:
        metadata = pod["metadata"]
        path = f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}"
        async with bound:
            if pod["status"].get("phase") in ("Pending", "Running"):
                await self._call(
                    "PATCH", f"{path}/status", disrupted(metadata["uid"], reason), missing_is_fine=True
                )
            options = {"gracePeriodSeconds": 0, "preconditions": {"uid": metadata["uid"]}}
            await self._call("DELETE", path, options, missing_is_fine=True)

    async def _call(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        params: dict[str, str] | None = None,
        missing_is_fine: bool = False,
    ) -> dict[str, Any]:
        headers = {"Content-Type": "application/strategic-merge-patch+json"} if method == "PATCH" else None
        try:
            self._client = self._client or _client(self._instance)
            response = await self._client.request(method, path, json=body, params=params, headers=headers)
        except (httpx.TransportError, OSError) as problem:
            await self.close()  # the next one reads the certificates again: a fresh cluster has others
            raise ApiProblem(f"{method} {path}: {problem or type(problem).__name__}") from problem
        # 409: its uid is another's by now, so the one that was meant is gone.
        if missing_is_fine and response.status_code in (404, 409):
            return {}
        if response.is_error:
            raise ApiProblem(f"{method} {path}: {response.status_code} {response.text[:300]}")
        answer: dict[str, Any] = response.json()
        return answer


def _standing(node: dict[str, Any]) -> Standing:
    if not node_is_ready(node):
        return Standing.NOT_READY
    taints = {taint["key"] for taint in node["spec"].get("taints", ())}
    return Standing.READY if STARTUP_TAINT["key"] in taints else Standing.AT_WORK


def disrupted(uid: str, reason: str) -> dict[str, Any]:
    """The patch of a pod's status that says: it failed, and not by its own fault."""
    return {
        "metadata": {"uid": uid},
        "status": {
            "phase": "Failed",
            "reason": reason,
            "message": "The node was taken back by the cloud.",
            "conditions": [
                {
                    "type": "DisruptionTarget",
                    "status": "True",
                    "reason": reason,
                    "message": "The node was taken back by the cloud.",
                    "lastTransitionTime": zulu(datetime.now(UTC)),
                }
            ],
        },
    }


def _client(instance: Instance) -> httpx.AsyncClient:
    context = ssl.create_default_context(cafile=str(instance.pki / "ca.crt"))
    context.load_cert_chain(instance.pki / "admin.crt", instance.pki / "admin.key")
    # The address is this machine's loopback: no proxy of the environment may get between.
    return httpx.AsyncClient(
        base_url=instance.api_url, verify=context, timeout=TIMEOUT_SECONDS, trust_env=False
    )
