"""The chart's rights and walls on a real API server, and its accounts spoken for with real tokens."""

from __future__ import annotations

import copy
import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

JsonMap = dict[str, Any]
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
        self._server, self._token = server, token
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
        )

    def __call__(self, method: str, path: str, body: Any = None, dry_run: bool = False) -> JsonMap:
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        request = urllib.request.Request(
            f"{self._server}/{path}{'?dryRun=All' if dry_run else ''}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self._token}", "Content-Type": kind},
        )
        try:
            with self._opener.open(request, timeout=30) as answer:
                loaded: JsonMap = json.loads(answer.read())
                return loaded
        except urllib.error.HTTPError as error:
            raise Refused(error.code, json.loads(error.read()).get("message", "")) from error

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
        return Caller(self._server, token)


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
