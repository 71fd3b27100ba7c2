"""The chart's rights and walls on a real API server, and its accounts spoken for with real tokens."""

from __future__ import annotations

import copy
import json
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import yaml
from kubernetes.client import Configuration

from spot.kube import Connection

JsonMap = dict[str, Any]
NODE = "api/v1/nodes/spot-1"
DEADLINE_SECONDS = 300.0
# What the API server answers when it cannot do it just now, which has nothing to do with a wall.
PASSES = frozenset({429, 500, 502, 503, 504})
KINDS = {
    "Namespace": "api/v1/namespaces",
    "Node": "api/v1/nodes",
    "ServiceAccount": "api/v1/namespaces/{}/serviceaccounts",
    "Pod": "api/v1/namespaces/{}/pods",
    "ConfigMap": "api/v1/namespaces/{}/configmaps",
    "ResourceQuota": "api/v1/namespaces/{}/resourcequotas",
    "LimitRange": "api/v1/namespaces/{}/limitranges",
    "Deployment": "apis/apps/v1/namespaces/{}/deployments",
    "DaemonSet": "apis/apps/v1/namespaces/{}/daemonsets",
    "PodDisruptionBudget": "apis/policy/v1/namespaces/{}/poddisruptionbudgets",
    "PriorityClass": "apis/scheduling.k8s.io/v1/priorityclasses",
    "ClusterRole": "apis/rbac.authorization.k8s.io/v1/clusterroles",
    "ClusterRoleBinding": "apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
    "Role": "apis/rbac.authorization.k8s.io/v1/namespaces/{}/roles",
    "RoleBinding": "apis/rbac.authorization.k8s.io/v1/namespaces/{}/rolebindings",
    "ValidatingAdmissionPolicy": "apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies",
    "ValidatingAdmissionPolicyBinding": (
        "apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings"
    ),
}


class Refused(Exception):
    """The API server said no; `str` is what it said."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(f"{status} {said}")
        self.status = status


class Caller:
    """Requests under one token."""

    def __init__(self, server: str, token: str) -> None:
        self.server, self.token = server, token
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
        )

    def __call__(self, method: str, path: str, body: Any = None, dry_run: bool = False) -> JsonMap:
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        request = urllib.request.Request(
            f"{self.server}/{path}{'?dryRun=All' if dry_run else ''}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": kind},
        )
        deadline = time.monotonic() + DEADLINE_SECONDS
        while True:
            try:
                with self._opener.open(request, timeout=DEADLINE_SECONDS) as answer:
                    loaded: JsonMap = json.loads(answer.read())
                    return loaded
            except urllib.error.HTTPError as error:
                if error.code not in PASSES or time.monotonic() > deadline:
                    raise Refused(error.code, json.loads(error.read()).get("message", "")) from error
            time.sleep(0.2)

    def create(self, item: JsonMap, dry_run: bool = False) -> JsonMap:
        """Create it, or find it there."""
        path = KINDS[item["kind"]].format(item["metadata"].get("namespace"))
        try:
            return self("POST", path, item, dry_run)
        except Refused as refusal:
            if refusal.status != 409:
                raise
            return self("GET", f"{path}/{item['metadata']['name']}")

    def with_token(self, token: str) -> Caller:
        return Caller(self.server, token)


def administrator(kubeconfig: Path) -> Caller:
    loaded = yaml.safe_load(kubeconfig.read_text())
    return Caller(loaded["clusters"][0]["cluster"]["server"], loaded["users"][0]["user"]["token"])


def account(admin: Caller, namespace: str, name: str, pod: JsonMap | None = None) -> Caller:
    """The service account, with a token as a kubelet asks for it: bound to the pod, and so to its node."""
    spec: JsonMap = {"expirationSeconds": 3600}
    if pod is not None:
        metadata = pod["metadata"]
        reference = {"name": metadata["name"], "uid": metadata["uid"]}
        spec["boundObjectRef"] = {"kind": "Pod", "apiVersion": "v1", **reference}
    path = f"api/v1/namespaces/{namespace}/serviceaccounts/{name}/token"
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec}
    return admin.with_token(admin("POST", path, body)["status"]["token"])


def connection(caller: Caller) -> Connection:
    """The spot handler's own connection, under the caller's token."""
    configuration = Configuration()
    configuration.host, configuration.verify_ssl = caller.server, False
    configuration.api_key = {"authorization": f"Bearer {caller.token}"}
    return Connection(configuration)


def install(admin: Caller, objects: Iterable[JsonMap], namespace: str) -> None:
    """Those of the chart's objects that say who may do what, and the namespaces that they stand in."""
    wanted = [copy.deepcopy(item) for item in objects if item["kind"] in KINDS]
    order = list(KINDS)
    admin.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
    for item in sorted(wanted, key=lambda item: order.index(item["kind"])):
        if "{}" in KINDS[item["kind"]]:
            item["metadata"].setdefault("namespace", namespace)
        if item["kind"] in ("Namespace", "PriorityClass") or "spot" in item["metadata"]["name"]:
            admin.create(item)


def wait_until_policies_hold(admin: Caller) -> None:
    """The API server compiles a new policy within a second or so, and until then lets all through."""
    controller = account(admin, "madang", "spot-controller")
    agent = account(admin, "madang-spot", "spot-agent")
    attempts: list[Callable[[], Any]] = [
        lambda: controller("PATCH", NODE, {"metadata": {"labels": {"probe": "1"}}}, dry_run=True),
        lambda: controller("POST", "api/v1/namespaces/madang/configmaps", config_map("probe"), dry_run=True),
        lambda: controller("POST", "api/v1/namespaces/elsewhere/pods", plain_pod("elsewhere"), dry_run=True),
        lambda: agent("PATCH", NODE, annotation("probe", "1"), dry_run=True),
        lambda: admin("POST", "api/v1/namespaces/madang-spot/pods", plain_pod("madang-spot"), dry_run=True),
    ]
    deadline = time.monotonic() + DEADLINE_SECONDS
    for attempt in attempts:
        while True:
            try:
                attempt()
            except Refused as refusal:
                if "ValidatingAdmissionPolicy" in str(refusal):
                    break
            assert time.monotonic() < deadline, "a policy does not hold"
            time.sleep(0.1)


def annotation(name: str, value: str | None) -> JsonMap:
    return {"metadata": {"annotations": {name: value}}}


def plain_pod(namespace: str) -> JsonMap:
    metadata = {"name": "blog-1", "namespace": namespace, "labels": {"app": "blog", "pod-template-hash": "1"}}
    container = {"name": "app", "image": "registry.local/chess/blog"}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [container]}}


def service_account(namespace: str) -> JsonMap:
    metadata = {"name": "default", "namespace": namespace}
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}


def config_map(name: str) -> JsonMap:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "madang"}}


def path_of(pod: JsonMap) -> str:
    return f"api/v1/namespaces/{pod['metadata']['namespace']}/pods/{pod['metadata']['name']}"
