"""Reclaims on a real cluster: the node dies, its work goes on elsewhere, a new instance takes its place."""

import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar
from unittest.mock import patch

import pytest

from localcluster import api, cgroups, lifecycle, machines, nodes
from localcluster.cloud import client, process
from localcluster.cloud.metadata import TOKEN_HEADER, TTL_HEADER
from localcluster.cloud.record import CloudInstance, EventCode, State
from localcluster.errors import ClusterError
from localcluster.instance import Instance
from localcluster.report import Progress
from tests.clusters import CLOUD, environment, processor_share, standing

pytestmark = pytest.mark.cluster

PATIENCE_SECONDS = 300
META = "http://169.254.169.254/latest"
PODS = "/api/v1/namespaces/default/pods"
POD = {
    "nodeSelector": {"karpenter.sh/capacity-type": "spot"},
    "containers": [{"name": "c", "image": "docker.io/madang/pause:1"}],
}
T = TypeVar("T")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Instance]:
    """A cluster of one on-demand and three spot nodes, with its stand-in cloud."""
    with standing(CLOUD), patch.dict(os.environ, environment(CLOUD), clear=True):
        instance, report = Instance.from_environment(), Progress()
        try:
            lifecycle.up(instance, report, lifecycle.programs_folder(instance, report))
            process.ensure_running(instance)
            until(lambda: all(each.state is State.RUNNING for each in client.instances(instance)))
            yield instance
        finally:
            lifecycle.destroy(instance, report)


@pytest.fixture
def server(cluster: Instance) -> Iterator[api.Api]:
    with api.connect(cluster) as connection:
        yield connection


def until(look: Callable[[], T], patience_seconds: float = PATIENCE_SECONDS) -> T:
    """Look again and again until it is true; errors of the cluster count as not yet."""
    deadline, last = time.monotonic() + patience_seconds, None
    while time.monotonic() < deadline:
        try:
            if found := look():
                return found
        except ClusterError as problem:
            last = problem
        time.sleep(0.2)
    raise AssertionError(f"waited in vain ({last})")


def place(cluster: Instance, node: str) -> CloudInstance:
    return next(each for each in client.instances(cluster) if each.node == node)


def pods(server: api.Api, selector: str, phase: str = "Running") -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = server.get(PODS, labelSelector=selector)["items"]
    return [p for p in items if p["status"]["phase"] == phase and "deletionTimestamp" not in p["metadata"]]


def share(cluster: Instance, node: str) -> float:
    """Of the processors, beside an ordinary machine's 1; 0 while there is no machine."""
    return processor_share(machines.cgroup(cluster, node))


def uids(found: list[dict[str, Any]]) -> set[str]:
    return {each["metadata"]["uid"] for each in found}


def ask_inside(pid: int, path: str, *headers: str, method: str = "GET") -> "subprocess.CompletedProcess[str]":
    """A request from within the network of the process `pid`."""
    options = [word for header in headers for word in ("-H", header)]
    command = [
        "nsenter",
        "-t",
        str(pid),
        "-n",
        "curl",
        "-sS",
        "-f",
        "-m",
        "60",
        "-X",
        method,
        *options,
        META + path,
    ]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def told_by_metadata(cluster: Instance, node: str, path: str) -> str:
    pid = machines.pid(cluster, node)
    assert pid
    token = ask_inside(pid, "/api/token", f"{TTL_HEADER}: 60", method="PUT").stdout
    return ask_inside(pid, path, f"{TOKEN_HEADER}: {token}").stdout


def apply(cluster: Instance, **item: Any) -> None:
    command = [
        nodes.programs_in_use(cluster) / "kubectl",
        "--kubeconfig",
        cluster.kubeconfig,
        "apply",
        "-f",
        "-",
    ]
    subprocess.run(command, input=json.dumps(item), text=True, check=True)


def deploy(cluster: Instance, server: api.Api, name: str, replicas: int) -> None:
    labels = {"app": name}
    apply(
        cluster,
        apiVersion="apps/v1",
        kind="Deployment",
        metadata={"name": name, "namespace": "default"},
        spec={
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": POD},
        },
    )
    until(lambda: len(pods(server, f"app={name}")) == replicas)


def start_job(cluster: Instance, server: api.Api, name: str) -> None:
    """A Job as builds are: one failure of its own is too many, a lost node is none."""
    ignore = {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}
    apply(
        cluster,
        apiVersion="batch/v1",
        kind="Job",
        metadata={"name": name, "namespace": "default"},
        spec={
            "backoffLimit": 0,
            "podReplacementPolicy": "Failed",
            "podFailurePolicy": {"rules": [ignore]},
            "template": {"spec": {**POD, "restartPolicy": "Never"}},
        },
    )
    until(lambda: pods(server, f"job-name={name}"))


def network_of(pid: int | None) -> str:
    return str(Path(f"/proc/{pid or 'self'}/ns/net").readlink())


def test_each_node_tells_its_own_instance(cluster: Instance) -> None:
    told = {
        node.name: told_by_metadata(cluster, node.name, "/meta-data/instance-id") for node in cluster.nodes
    }
    assert told == {each.node: each.instance_id for each in client.instances(cluster)}
    assert len(set(told.values())) == len(cluster.nodes)
    assert told_by_metadata(cluster, "ondemand-1", "/meta-data/instance-life-cycle") == "on-demand"
    assert told_by_metadata(cluster, "spot-2", "/meta-data/placement/availability-zone") == "local-b"


def test_a_pod_cannot_reach_the_metadata_of_its_node(cluster: Instance, server: api.Api) -> None:
    deploy(cluster, server, "curious", 1)
    (pod,) = pods(server, "app=curious")
    node = pod["spec"]["nodeName"]
    inside = cgroups.processes(f"{machines.cgroup(cluster, node)}/kubepods")
    elsewhere = {network_of(None), network_of(machines.pid(cluster, node))}
    pod_pid = next(pid for pid in inside if network_of(pid) not in elsewhere)
    refused = ask_inside(pod_pid, "/api/token", f"{TTL_HEADER}: 60", method="PUT")
    assert refused.returncode != 0
    assert refused.stdout == ""


def test_a_reclaim_is_announced_in_the_node_and_can_be_called_off(cluster: Instance) -> None:
    before = client.request_reclaim(cluster, "spot-1", 600)
    assert '"action": "terminate"' in told_by_metadata(cluster, "spot-1", "/meta-data/spot/instance-action")
    assert told_by_metadata(cluster, "spot-2", "/meta-data/spot/instance-action") == ""
    client.request_rebalance(cluster, "spot-1")
    assert "noticeTime" in told_by_metadata(cluster, "spot-1", "/meta-data/events/recommendations/rebalance")
    client.cancel(cluster, "spot-1")
    assert told_by_metadata(cluster, "spot-1", "/meta-data/spot/instance-action") == ""
    assert client.follow_replacement(cluster, before, print) is None
    assert place(cluster, "spot-1").instance_id == before.instance_id


def test_a_maintenance_that_is_put_off_or_called_off_is_told_so_in_the_node(cluster: Instance) -> None:
    def told() -> tuple[str, str, str]:
        (event,) = json.loads(told_by_metadata(cluster, "spot-1", "/meta-data/events/maintenance/scheduled"))
        return event["EventId"], event["State"], event["NotBefore"]

    client.request_maintenance(cluster, "spot-1", in_seconds=600)
    planned = told()
    client.request_put_off(cluster, "spot-1", in_seconds=7200)
    put_off = told()
    assert put_off[:2] == planned[:2]
    assert put_off[2] != planned[2]
    client.cancel(cluster, "spot-1")
    assert told()[1] == "canceled"


def test_the_spot_market_leaves_on_demand_nodes_alone(cluster: Instance) -> None:
    with pytest.raises(ClusterError, match="ondemand-1 is an on-demand node"):
        client.request_reclaim(cluster, "ondemand-1")
    with pytest.raises(ClusterError, match="There is no node 'spot-9'"):
        client.request_reclaim(cluster, "spot-9")


def test_a_lost_nodes_work_goes_on_elsewhere_and_a_job_counts_no_failure(
    cluster: Instance, server: api.Api
) -> None:
    deploy(cluster, server, "web", 4)
    start_job(cluster, server, "build")
    (victim,) = pods(server, "job-name=build")
    node = victim["spec"]["nodeName"]
    old_node = server.get(f"/api/v1/nodes/{node}")["metadata"]["uid"]
    lost = uids([p for p in pods(server, "app=web") if p["spec"]["nodeName"] == node])
    old_pid = machines.pid(cluster, node)

    told: list[str] = []
    leaving = client.request_reclaim(cluster, node, 1)
    client.request_reclaim(cluster, node, 1)  # two reclaims are one
    until(lambda: 0 < share(cluster, node) < 1)
    new = client.follow_replacement(cluster, leaving, told.append)

    assert new
    assert new.replaces == leaving.instance_id
    assert told_by_metadata(cluster, node, "/meta-data/instance-id") == new.instance_id
    assert machines.pid(cluster, node) != old_pid
    until(lambda: share(cluster, node) == 1)
    assert server.get(f"/api/v1/nodes/{node}")["metadata"]["uid"] != old_node
    assert "ends at" in told[0]
    assert told[-1] == f"{node}: replacement {new.instance_id} is Ready"
    until(lambda: len(found := uids(pods(server, "app=web"))) == 4 and not lost & found)
    (again,) = until(lambda: pods(server, "job-name=build"))
    assert again["metadata"]["uid"] != victim["metadata"]["uid"]
    status = server.get("/apis/batch/v1/namespaces/default/jobs/build")["status"]
    assert status.get("failed", 0) == 0
    assert "conditions" not in status


def test_an_auto_scaling_group_replaces_an_on_demand_node_too(cluster: Instance, server: api.Api) -> None:
    leaving = client.request_termination(cluster, "ondemand-1", 600)
    path = "/meta-data/autoscaling/target-lifecycle-state"
    assert told_by_metadata(cluster, "ondemand-1", path) == "Terminated"
    client.request_termination(cluster, "ondemand-1", 0)
    new = client.follow_replacement(cluster, leaving, print)
    assert new
    assert told_by_metadata(cluster, "ondemand-1", path) == "InService"
    until(lambda: "ondemand-1" in server.ready_nodes())
    until(lambda: share(cluster, "ondemand-1") == 4)


def test_a_scheduled_reboot_brings_the_same_instance_back(cluster: Instance, server: api.Api) -> None:
    before, old_pid = place(cluster, "spot-3"), machines.pid(cluster, "spot-3")
    old_node = server.get("/api/v1/nodes/spot-3")["metadata"]["uid"]
    client.request_maintenance(cluster, "spot-3", EventCode.SYSTEM_REBOOT, in_seconds=1)
    until(lambda: machines.pid(cluster, "spot-3") not in (old_pid, None))
    until(lambda: place(cluster, "spot-3").state is State.RUNNING)
    assert place(cluster, "spot-3").instance_id == before.instance_id
    assert server.get("/api/v1/nodes/spot-3")["metadata"]["uid"] == old_node
    until(
        lambda: (
            "[Completed]" in told_by_metadata(cluster, "spot-3", "/meta-data/events/maintenance/scheduled")
        )
    )


def test_a_machine_that_dies_by_itself_is_replaced(cluster: Instance, server: api.Api) -> None:
    before, pid = place(cluster, "spot-1"), machines.pid(cluster, "spot-1")
    assert pid
    os.kill(pid, signal.SIGKILL)
    until(lambda: place(cluster, "spot-1").replaces == before.instance_id)
    until(lambda: place(cluster, "spot-1").state is State.RUNNING)
    until(lambda: "spot-1" in server.ready_nodes())


def test_a_reclaim_goes_on_although_the_daemon_is_killed_again_and_again(
    cluster: Instance, server: api.Api
) -> None:
    """SIGKILL at any moment: announced, killing, telling the API server, starting the replacement."""
    rolls = random.Random(7)
    leaving = client.request_reclaim(cluster, "spot-2", 1)
    for _ in range(8):
        time.sleep(rolls.uniform(0.2, 1.2))
        pid = machines.pid(cluster, process.NAME)
        assert pid
        os.kill(pid, signal.SIGKILL)
        process.ensure_running(cluster)
    until(lambda: place(cluster, "spot-2").state is State.RUNNING)
    new = place(cluster, "spot-2")
    assert new.replaces == leaving.instance_id
    until(lambda: "spot-2" in server.ready_nodes())
    assert told_by_metadata(cluster, "spot-2", "/meta-data/instance-id") == new.instance_id


def test_a_cluster_that_was_stopped_and_started_has_the_same_instances_and_no_notices(
    cluster: Instance,
) -> None:
    before = {each.node: each.instance_id for each in client.instances(cluster)}
    client.request_reclaim(cluster, "spot-1", 600)
    lifecycle.down(cluster, print)
    with pytest.raises(ClusterError, match="does not answer"):
        client.instances(cluster)
    lifecycle.up(cluster, Progress(), lifecycle.programs_folder(cluster, print))
    process.ensure_running(cluster)
    until(lambda: all(each.state is State.RUNNING for each in client.instances(cluster)))
    assert {each.node: each.instance_id for each in client.instances(cluster)} == before
    assert place(cluster, "spot-1").notice is None


def test_a_cluster_that_grows_has_an_instance_for_the_new_node_at_once(
    cluster: Instance, server: api.Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The daemon that ran before knows nothing of the node: `up` has it started anew."""
    before = {each.node: each.instance_id for each in client.instances(cluster)}
    monkeypatch.setenv("MADANG_SPOT_NODES", "4")
    grown = Instance.from_environment()
    try:
        lifecycle.up(grown, Progress(), lifecycle.programs_folder(grown, print))
        process.ensure_running(grown)
        until(lambda: place(grown, "spot-4").state is State.RUNNING)
        assert {each.node: each.instance_id for each in client.instances(grown)}.items() >= before.items()
        assert (
            told_by_metadata(grown, "spot-4", "/meta-data/instance-id") == place(grown, "spot-4").instance_id
        )
    finally:
        lifecycle.destroy(grown, Progress())
