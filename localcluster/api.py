"""The API server of one instance, spoken to as its administrator."""

import ssl
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx

from localcluster.errors import ClusterError
from localcluster.instance import Instance
from localcluster.report import Report

FIELD_MANAGER = "localcluster"
SLOW_SECONDS = 15.0
"""A start that takes longer is told with what to look at."""


class Api:
    """Requests raise ClusterError with what the server said. Close it, or use `connect`."""

    def __init__(self, instance: Instance) -> None:
        context = ssl.create_default_context(cafile=str(instance.pki / "ca.crt"))
        context.load_cert_chain(instance.pki / "admin.crt", instance.pki / "admin.key")
        # The address is this machine's loopback: no proxy of the environment may get between.
        self._client = httpx.Client(base_url=instance.api_url, verify=context, timeout=30, trust_env=False)

    def close(self) -> None:
        self._client.close()

    def get(self, path: str, **parameters: str) -> dict[str, Any]:
        return self._ask("GET", path, params=parameters)

    def text(self, path: str, **parameters: str) -> str:
        """A pod's log, for people to read; empty if the server has none to give."""
        try:
            response = self._client.get(path, params=parameters)
        except httpx.TransportError as error:
            raise ClusterError(_unreachable(error)) from error
        return "" if response.is_error else response.text

    def find(self, path: str) -> dict[str, Any] | None:
        """As `get`, but None if there is no such object."""
        try:
            response = self._client.get(path)
        except httpx.TransportError as error:
            raise ClusterError(_unreachable(error)) from error
        return None if response.status_code == 404 else self._answer(response)

    def delete(self, path: str) -> None:
        """Ask for the deletion; fine if there is no such object."""
        try:
            response = self._client.delete(path)
        except httpx.TransportError as error:
            raise ClusterError(_unreachable(error)) from error
        if response.status_code != 404:
            self._answer(response)

    def merge(self, path: str, changes: Mapping[str, Any]) -> None:
        """Merge patch: null takes a field away, whoever owns it."""
        headers = {"Content-Type": "application/merge-patch+json"}
        self._ask("PATCH", path, json=changes, headers=headers)

    def apply(self, objects: Iterable[Mapping[str, Any]]) -> None:
        """Server-side apply, taking over fields that others own."""
        for item in objects:
            self._ask(
                "PATCH",
                object_path(item),
                params={"fieldManager": FIELD_MANAGER, "force": "true"},
                json=item,
                headers={"Content-Type": "application/apply-patch+yaml"},  # JSON is YAML
            )

    def wait_until_ready(self, deadline_seconds: float, report: Report) -> None:
        """Until every check of /readyz passes; raises ClusterError with the last answer."""
        began, told = time.monotonic(), False
        said = ""
        while (waited := time.monotonic() - began) < deadline_seconds:
            if waited > SLOW_SECONDS and not told:
                report('the API server is not ready yet. Next: make logs ARGS="control kube-apiserver"')
                told = True
            try:
                response = self._client.get("/readyz")
            except httpx.TransportError as error:
                said = str(error)
            else:
                if response.status_code == 200:
                    return
                said = response.text
            time.sleep(0.1)
        raise ClusterError(
            f"The API server is not ready after {deadline_seconds:.0f} s: {said.strip()[-400:]}\n"
            'Look at `make logs ARGS="control kube-apiserver"` and `make logs ARGS="control etcd"`.'
        )

    def ready_nodes(self) -> set[str]:
        items = self.get("/api/v1/nodes")["items"]
        return {item["metadata"]["name"] for item in items if node_is_ready(item)}

    def _ask(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        try:
            return self._answer(self._client.request(method, path, **options))
        except httpx.TransportError as error:
            raise ClusterError(_unreachable(error)) from error

    @staticmethod
    def _answer(response: httpx.Response) -> dict[str, Any]:
        if response.is_error:
            request = response.request
            what = f"{request.method} {request.url.path}"
            raise ClusterError(
                f"The API server refused {what}: {response.status_code} {response.text.strip()}"
            )
        answer: dict[str, Any] = response.json()
        return answer


@contextmanager
def connect(instance: Instance) -> Iterator[Api]:
    api = Api(instance)
    try:
        yield api
    finally:
        api.close()


def object_path(item: Mapping[str, Any]) -> str:
    """Where the API server keeps the object."""
    version = item["apiVersion"]
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    namespace = item["metadata"].get("namespace")
    within = f"/namespaces/{namespace}" if namespace else ""
    return f"{root}{within}/{plural(item['kind'])}/{item['metadata']['name']}"


def plural(kind: str) -> str:
    """As Kubernetes names the collection of its own kinds: NetworkPolicy → networkpolicies."""
    word = kind.lower()
    if word == "endpoints":
        return word
    if word.endswith("y"):
        return f"{word[:-1]}ies"
    return f"{word}es" if word.endswith("s") else f"{word}s"


def node_is_ready(node: Mapping[str, Any]) -> bool:
    conditions = node.get("status", {}).get("conditions", [])
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def _unreachable(error: Exception) -> str:
    return f"The API server does not answer ({error}). `make status` shows what runs."
