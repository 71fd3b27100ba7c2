"""The stand-in cloud writes its instances' ids on Nodes, on a real API server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
import yaml

from localcluster.cloud import cluster as module
from localcluster.cloud.cluster import ApiProblem, Cluster, Standing
from localcluster.instance import Instance
from localcluster.kubelet import STARTUP_TAINT
from tests.integration.apiserver import running_api_server

PATIENCE_SECONDS = 300
FIRST, SECOND = "local:///local-a/i-1", "local:///local-a/i-2"


@pytest.fixture(scope="module")
def server() -> Iterator[dict[str, Any]]:
    """What httpx needs to be the administrator of an API server without nodes."""
    with running_api_server() as kubeconfig:
        loaded = yaml.safe_load(kubeconfig.read_text())
        token = loaded["users"][0]["user"]["token"]
        yield {
            "base_url": loaded["clusters"][0]["cluster"]["server"],
            "headers": {"Authorization": f"Bearer {token}"},
            "verify": False,
            "trust_env": False,
            "timeout": PATIENCE_SECONDS,
        }


@pytest.fixture
async def cluster(server: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Cluster]:
    monkeypatch.setattr(module, "_client", lambda instance: httpx.AsyncClient(**server))
    told = Cluster(Instance.from_environment())
    yield told
    await told.close()


@pytest.fixture
def admin(server: dict[str, Any]) -> Iterator[httpx.Client]:
    with httpx.Client(**server) as client:
        yield client
        client.delete("/api/v1/nodes/spot-1")


def register(admin: httpx.Client) -> None:
    body = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "spot-1"}}
    admin.post("/api/v1/nodes", json=body).raise_for_status()


def provider_id(admin: httpx.Client) -> str | None:
    answer = admin.get("/api/v1/nodes/spot-1").raise_for_status().json()
    found: str | None = answer["spec"].get("providerID")
    return found


async def test_a_node_gets_the_id_of_its_instance(cluster: Cluster, admin: httpx.Client) -> None:
    register(admin)
    assert await cluster.identify("spot-1", FIRST) is Standing.NOT_READY
    assert provider_id(admin) == FIRST


async def test_said_again_it_changes_nothing(cluster: Cluster, admin: httpx.Client) -> None:
    register(admin)
    for identity in (FIRST, FIRST, SECOND):
        await cluster.identify("spot-1", identity)
    assert provider_id(admin) == FIRST


async def test_the_next_node_of_the_name_gets_the_next_instances_id(
    cluster: Cluster, admin: httpx.Client
) -> None:
    register(admin)
    await cluster.identify("spot-1", FIRST)
    admin.delete("/api/v1/nodes/spot-1").raise_for_status()
    register(admin)
    await cluster.identify("spot-1", SECOND)
    assert provider_id(admin) == SECOND


async def test_a_node_that_is_not_there_is_not_ready(cluster: Cluster) -> None:
    assert await cluster.identify("nowhere", FIRST) is Standing.NOT_READY


@pytest.mark.parametrize(("taints", "standing"), [([], Standing.AT_WORK), ([STARTUP_TAINT], Standing.READY)])
async def test_a_ready_node_is_at_work_without_the_taint_of_its_start(
    cluster: Cluster, admin: httpx.Client, taints: list[dict[str, str]], standing: Standing
) -> None:
    register(admin)
    status = {"status": {"conditions": [{"type": "Ready", "status": "True"}]}}
    headers = {"Content-Type": "application/merge-patch+json"}
    admin.patch("/api/v1/nodes/spot-1/status", json=status, headers=headers).raise_for_status()
    tainted = {"spec": {"taints": taints}}
    admin.patch("/api/v1/nodes/spot-1", json=tainted, headers=headers).raise_for_status()
    assert await cluster.identify("spot-1", FIRST) is standing


async def test_an_api_server_that_is_away_is_worth_another_try(
    cluster: Cluster, server: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = {**server, "base_url": "https://127.0.0.1:1"}
    monkeypatch.setattr(module, "_client", lambda instance: httpx.AsyncClient(**nobody))
    with pytest.raises(ApiProblem):
        await cluster.identify("spot-1", FIRST)
