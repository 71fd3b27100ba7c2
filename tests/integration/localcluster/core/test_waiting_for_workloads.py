"""Whoever waits for the platform hears why, with a real API server and a real scheduler."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import yaml

from localcluster.api import Api
from localcluster.errors import ClusterError
from localcluster.install.readiness import look, wait_until_ready
from tests.integration.apiserver import running_control_plane

PATIENCE_SECONDS = 300.0
# A cause is told once it has stood for five.
WAITED_SECONDS = 15
LABELS = {"karpenter.sh/capacity-type": "on-demand"}


class PlainApi(Api):
    """As the administrator of an API server that knows him by a token."""

    def __init__(self, kubeconfig: dict[str, Any]) -> None:
        self._client = httpx.Client(
            base_url=kubeconfig["clusters"][0]["cluster"]["server"],
            headers={"Authorization": f"Bearer {kubeconfig['users'][0]['user']['token']}"},
            verify=False,  # noqa: S501 - a certificate that it made for itself
            trust_env=False,
        )


@pytest.fixture(scope="module")
def api() -> Iterator[PlainApi]:
    """With one node that stays and one spot node, both Ready."""
    with running_control_plane(scheduler=True) as plane:
        api = PlainApi(yaml.safe_load(plane.kubeconfig.read_text()))
        spot = {"karpenter.sh/capacity-type": "spot"}
        for name, labels in (("ondemand-1", LABELS), ("spot-1", spot)):
            node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels}}
            api.apply([node])
            room = {"cpu": "2", "memory": "1Gi", "pods": "20"}
            ready = {"conditions": [{"type": "Ready", "status": "True"}]}
            api.merge(f"/api/v1/nodes/{name}/status", {"status": {**ready, "allocatable": room}})
            # As the node controller does once a kubelet has said that it is ready.
            api.merge(f"/api/v1/nodes/{name}", {"spec": {"taints": None}})
        yield api
        api.close()


@pytest.fixture
def namespace(api: PlainApi, request: pytest.FixtureRequest) -> str:
    name = str(request.node.name).replace("_", "-")[:40].rstrip("-")
    api.apply([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}])
    return name


def cordon(api: PlainApi, cordoned: bool) -> None:
    api.merge("/api/v1/nodes/ondemand-1", {"spec": {"unschedulable": cordoned}})


def refused_by_the_scheduler(api: PlainApi, namespace: str) -> None:
    """Until it has looked at the pod, which is nobody's haste."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        for pod in api.get(f"/api/v1/namespaces/{namespace}/pods")["items"]:
            if any(each["type"] == "PodScheduled" for each in pod["status"].get("conditions", [])):
                return
        time.sleep(0.1)
    raise AssertionError("the scheduler never looked at the pod")


def deployment(namespace: str, memory: str = "1Mi", **spec: Any) -> dict[str, Any]:
    container = {"name": "git", "image": "madang/git:1", "resources": {"requests": {"memory": memory}}}
    pod = {"nodeSelector": LABELS, "containers": [container], **spec}
    selector = {"app": "git"}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "git", "namespace": namespace},
        "spec": {
            "selector": {"matchLabels": selector},
            "template": {"metadata": {"labels": selector}, "spec": pod},
        },
    }


def test_a_cordoned_node_is_told_once_while_waiting_and_again_at_the_end(
    api: PlainApi, namespace: str
) -> None:
    cordon(api, True)
    api.apply([deployment(namespace)])
    refused_by_the_scheduler(api, namespace)
    told: list[str] = []
    with pytest.raises(ClusterError) as failed:
        wait_until_ready(api, (namespace,), told.append, WAITED_SECONDS)
    cordon(api, False)
    why = "no node, as ondemand-1 is cordoned. Next: bin/kubectl uncordon ondemand-1"
    assert told[0] == "waiting for git 0/1"
    assert [line for line in told if line.endswith(why)] == told[1:]
    assert len(told) == 2
    assert str(failed.value).startswith("Not ready: git 0/1.\n  - git-")
    assert f": {why}\n" in str(failed.value)


def test_a_node_without_room_is_named_with_what_is_short(api: PlainApi, namespace: str) -> None:
    api.apply([deployment(namespace, memory="2Gi")])
    refused_by_the_scheduler(api, namespace)
    told: list[str] = []
    with pytest.raises(ClusterError, match=r"ondemand-1 has no room for it \(Insufficient memory\)"):
        wait_until_ready(api, (namespace,), told.append, WAITED_SECONDS)


def test_a_deployment_that_may_make_no_pod_says_why(api: PlainApi, namespace: str) -> None:
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    api.merge(f"/api/v1/namespaces/{namespace}", {"metadata": {"labels": labels}})
    api.apply([deployment(namespace, hostNetwork=True)])
    with pytest.raises(ClusterError, match=r"- git: no pod is made: .*violates PodSecurity"):
        wait_until_ready(api, (namespace,), lambda _: None, WAITED_SECONDS)


def test_where_nothing_is_installed_nothing_is_waited_for(api: PlainApi) -> None:
    assert look(api, ("nowhere",)).workloads == ()
