"""The real Kubernetes that `up` brings, from its nodes to the proof that nothing is left of it."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from localcluster import api, cgroups, leftovers, machines, nodes
from localcluster.images.layer import Text, pack
from localcluster.images.oci import Image
from localcluster.images.registry import Registry
from localcluster.images.store import open_store
from localcluster.install import volumes
from localcluster.instance import Instance
from tests.clusters import CORE, environment, processor_share
from tests.integration.localcluster.core.conftest import Cluster

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.skipif(os.geteuid() != 0, reason="the embedded cluster is root's"),
]

GENEROUS_SECONDS = 300
REGISTRY_SETTINGS = {
    "version": "0.1",
    "http": {"addr": ":8080"},
    "storage": {"filesystem": {"rootdirectory": "/tmp"}},
}


def eventually(what: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + GENEROUS_SECONDS
    while not (found := what()):
        assert time.monotonic() < deadline, "it did not come to be"
        time.sleep(0.2)
    return found


def push(cluster: Cluster, name: str, program: str, **config: Any) -> str:
    """An image of one static program of the cluster's own; gives what a pod calls it."""
    store = open_store(cluster.instance.cache, lambda _: None)
    binary = (nodes.programs_in_use(cluster.instance) / program).resolve()
    settings = Text(json.dumps(REGISTRY_SETTINGS).encode())
    layer = pack(store.blobs, {program: binary, "settings.json": settings}, mode=0o755)
    image = Image().with_layer(layer).with_config(User="65532:65532", **config)
    return f"{name}@{Registry(cluster.instance.mirror_url).push(image, f'library/{name}', ['test'])}"


def apply(cluster: Cluster, *objects: dict[str, Any]) -> None:
    cluster.kubectl(
        "apply", "-f", "-", data=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
    )


def get(cluster: Cluster, *words: str) -> Any:
    return json.loads(cluster.kubectl("get", "-o", "json", *words))


@pytest.fixture(scope="module")
def web(cluster: Cluster) -> list[dict[str, Any]]:
    """A web server on each node behind the Service and NodePort that visitors use."""
    image = push(
        cluster,
        "web",
        "registry",
        Entrypoint=["/registry", "serve", "/settings.json"],
        Env=["OTEL_TRACES_EXPORTER=none"],
    )
    container = {
        "name": "web",
        "image": image,
        "readinessProbe": {"httpGet": {"path": "/v2/", "port": 8080}, "periodSeconds": 1},
    }
    template = {
        "metadata": {"labels": {"app": "web"}},
        "spec": {"containers": [container], "terminationGracePeriodSeconds": 2},
    }
    selector = {"app": "web"}
    apply(
        cluster,
        {
            "apiVersion": "apps/v1",
            "kind": "DaemonSet",
            "metadata": {"name": "web", "namespace": "default"},
            "spec": {"selector": {"matchLabels": selector}, "template": template},
        },
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "web", "namespace": "default"},
            "spec": {
                "type": "NodePort",
                "selector": selector,
                "ports": [{"port": 80, "targetPort": 8080, "nodePort": 30080}],
            },
        },
    )
    cluster.kubectl("rollout", "status", "daemonset/web", f"--timeout={GENEROUS_SECONDS}s")
    items: list[dict[str, Any]] = get(cluster, "pods", "-l", "app=web")["items"]
    return items


def inside(instance: Instance, pod: dict[str, Any], *command: str) -> "subprocess.CompletedProcess[str]":
    """Run a program of this computer in the pod's network, with the pod's resolver."""
    process = next(
        p
        for p in cgroups.processes(machines.cgroup(instance, pod["spec"]["nodeName"]))
        if pod["metadata"]["uid"] in proc(p, "cgroup") and "/registry" in proc(p, "cmdline")
    )
    with tempfile.NamedTemporaryFile() as resolver:  # a file of another mount namespace cannot be bound
        resolver.write(Path(f"/proc/{process}/root/etc/resolv.conf").read_bytes())
        resolver.flush()
        script = f'mount --bind {resolver.name} "$(readlink -f /etc/resolv.conf)" && exec "$@"'
        enter = ["nsenter", "-t", str(process), "-n", "unshare", "-m", "sh", "-c", script, "sh", *command]
        return subprocess.run(enter, capture_output=True, text=True, env={"PATH": machines.SEARCH_PATH})


def proc(process: int, file: str) -> str:
    try:
        return Path(f"/proc/{process}/{file}").read_text()
    except OSError:  # it ended meanwhile
        return ""


def status(answer: "subprocess.CompletedProcess[str]") -> str:
    return answer.stdout.strip() or answer.stderr


CURL = ("curl", "-sS", "-m", "60", "-o", "/dev/null", "-w", "%{http_code}")


def test_every_node_is_ready_and_labelled(cluster: Cluster) -> None:
    items = {item["metadata"]["name"]: item for item in get(cluster, "nodes")["items"]}
    assert set(items) == {"ondemand-1", "spot-1", "spot-2"}
    assert all(api.node_is_ready(item) for item in items.values())
    for node in cluster.instance.nodes:
        assert node.labels.items() <= items[node.name]["metadata"]["labels"].items()


def test_up_again_starts_nothing_anew(cluster: Cluster) -> None:
    before = {name: machines.pid(cluster.instance, name) for name in machines.names(cluster.instance)}
    done = cluster.run("up", "--cluster-only")
    assert done.returncode == 0, done.stderr
    assert {name: machines.pid(cluster.instance, name) for name in before} == before


def test_a_visitor_reaches_a_pod_from_the_hosts_loopback(cluster: Cluster, web: list[dict[str, Any]]) -> None:
    address = f"http://127.0.0.1:{cluster.instance.ports.http}/v2/"
    eventually(lambda: subprocess.run([*CURL, address], capture_output=True, text=True).stdout == "200")


def test_pods_reach_each_other_across_nodes_by_address_service_and_name(
    cluster: Cluster, web: list[dict[str, Any]]
) -> None:
    here, there = web[0], web[1]
    assert here["spec"]["nodeName"] != there["spec"]["nodeName"]
    service = get(cluster, "service", "web")["spec"]["clusterIP"]
    for host in (f"{there['status']['podIP']}:8080", service, "web.default.svc.cluster.local", "web"):
        command = (*CURL, f"http://{host}/v2/")
        # What a node knows of a Service is a moment behind its pods.
        eventually(lambda command=command: status(inside(cluster.instance, here, *command)) == "200")


def test_pods_have_no_way_out(cluster: Cluster, web: list[dict[str, Any]]) -> None:
    answer = inside(cluster.instance, web[0], "curl", "-sS", "-m", "5", "http://192.0.2.1/")
    assert answer.returncode != 0


def test_what_a_node_uses_is_its_own(cluster: Cluster, web: list[dict[str, Any]]) -> None:
    def usage() -> dict[str, int] | None:
        try:
            rows = json.loads(cluster.kubectl("get", "--raw", "/apis/metrics.k8s.io/v1beta1/nodes"))["items"]
        except AssertionError:
            return None
        found = {
            row["metadata"]["name"]: int(row["usage"]["memory"].removesuffix("Ki")) << 10 for row in rows
        }
        return found if len(found) == len(cluster.instance.nodes) else None

    for name, used_bytes in eventually(usage).items():
        counted = cgroups.memory_bytes(machines.cgroup(cluster.instance, name))
        assert counted
        # The kernel's figure has page cache in it that the kubelet's "working set" leaves out.
        assert used_bytes <= counted + (64 << 20)


@pytest.mark.skipif(cgroups.needs_scope(), reason="systemd keeps each machine for itself")
def test_all_machines_weigh_more_than_one_program_of_the_host(cluster: Cluster) -> None:
    assert processor_share(cluster.instance.cgroup) == len(cluster.instance.nodes)


def test_logs_and_exec_reach_a_container(cluster: Cluster, web: list[dict[str, Any]]) -> None:
    name = web[0]["metadata"]["name"]
    eventually(lambda: "GET /v2/" in cluster.kubectl("logs", name))
    assert "registry" in cluster.kubectl("exec", name, "--", "/registry", "--version")


@pytest.fixture(scope="module")
def asker(cluster: Cluster) -> str:
    """An image whose first and only deed is to ask the API server whether it is ready."""
    return push(cluster, "asker", "kubectl", Entrypoint=["/kubectl", "get", "--raw=/readyz"])


def ask_from(cluster: Cluster, image: str, namespace: str, node: str, patience_seconds: int) -> str:
    """Run the asker to its end in the namespace; gives the pod's phase."""
    name = f"asker-{node}"
    spec = {
        "nodeName": node,
        "restartPolicy": "Never",
        "activeDeadlineSeconds": patience_seconds,
        "containers": [{"name": "asker", "image": image}],
    }
    apply(
        cluster,
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": namespace}, "spec": spec},
    )
    phase = eventually(
        lambda: (
            (p := get(cluster, "pod", name, "-n", namespace)["status"]["phase"]) in ("Succeeded", "Failed")
            and p
        )
    )
    return str(phase)


def namespace(name: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def test_a_network_policy_holds_from_a_pods_first_instant_on_every_node(cluster: Cluster, asker: str) -> None:
    walls = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "shut", "namespace": "shut"},
        "spec": {"podSelector": {}, "policyTypes": ["Egress", "Ingress"]},
    }
    apply(cluster, namespace("open"), namespace("shut"), walls)
    for node in cluster.instance.nodes:
        eventually(lambda: len(get(cluster, "serviceaccounts", "default", "-n", "open")) > 0)
        assert ask_from(cluster, asker, "open", node.name, GENEROUS_SECONDS) == "Succeeded"
        assert ask_from(cluster, asker, "shut", node.name, 20) == "Failed"


def test_a_containers_root_is_nobody_outside_where_the_pod_asks_for_it(
    cluster: Cluster, web: list[dict[str, Any]]
) -> None:
    image = web[0]["spec"]["containers"][0]["image"]
    container = {"name": "web", "image": image, "securityContext": {"runAsUser": 0}}
    pod = {"hostUsers": False, "containers": [container]}
    apply(
        cluster,
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "mapped", "namespace": "default"},
            "spec": pod,
        },
    )
    cluster.kubectl("wait", "--for=condition=Ready", "pod/mapped", f"--timeout={GENEROUS_SECONDS}s")
    uid = get(cluster, "pod", "mapped")["metadata"]["uid"]
    everything = cgroups.processes(cluster.instance.cgroup)
    ours = [p for p in everything if uid in proc(p, "cgroup")]
    assert ours
    assert all(Path(f"/proc/{p}").stat().st_uid >= 65536 for p in ours)


def test_a_volume_whose_claim_was_deleted_serves_the_next_claim_with_its_data(cluster: Cluster) -> None:
    spec = {
        "storageClassName": volumes.STORAGE_CLASS,
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "1Gi"}},
    }
    metadata = {"name": volumes.VOLUMES["git"].claim, "namespace": "madang"}
    claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": spec}

    def phase() -> str:
        return str(get(cluster, "persistentvolume", "madang-git")["status"]["phase"])

    with api.connect(cluster.instance) as server:
        server.apply([namespace("madang"), *volumes.ensure(cluster.instance), claim])
        (cluster.instance.volumes / "git/repository").write_text("of a club")
        eventually(lambda: phase() == "Bound")
        volumes.free(server)
        assert phase() == "Bound"
        cluster.kubectl("-n", "madang", "delete", "persistentvolumeclaim", volumes.VOLUMES["git"].claim)
        eventually(lambda: phase() == "Released")
        server.apply([claim, *volumes.ensure(cluster.instance)])
        volumes.free(server)
        eventually(lambda: phase() == "Bound")
    assert (cluster.instance.volumes / "git/repository").read_text() == "of a club"


def test_an_agent_that_dies_or_hangs_is_replaced(cluster: Cluster) -> None:
    def agent() -> int | None:
        found = cgroups.processes(machines.cgroup(cluster.instance, "spot-1"))
        return next((p for p in found if "kube-network-policies" in proc(p, "cmdline")), None)

    for number in (signal.SIGKILL, signal.SIGSTOP):
        before = eventually(agent)
        os.kill(before, number)
        eventually(lambda before=before: agent() not in (None, before))


def test_a_killed_node_is_gone_at_once_and_comes_back_fresh(cluster: Cluster) -> None:
    assert cluster.run("reclaim", "spot-2", "--notice", "0").returncode == 0
    eventually(lambda: "spot-2" in ready_nodes(cluster))


def ready_nodes(cluster: Cluster) -> set[str]:
    with api.connect(cluster.instance) as server:
        return server.ready_nodes()


def test_down_keeps_everything_and_up_resumes_it(cluster: Cluster, web: list[dict[str, Any]]) -> None:
    cluster.kubectl("create", "configmap", "kept", "--from-literal=word=still here")
    (cluster.instance.volumes / "kept").write_text("still here")
    before = {(p["metadata"]["uid"]) for p in get(cluster, "pods", "-l", "app=web")["items"]}
    assert cluster.run("down").returncode == 0
    assert cgroups.processes(cluster.instance.cgroup) == set()
    assert cluster.run("status").returncode == 3
    done = cluster.run("up", "--cluster-only")
    assert done.returncode == 0, done.stderr
    assert get(cluster, "configmap", "kept")["data"]["word"] == "still here"
    assert (cluster.instance.volumes / "kept").read_text() == "still here"
    cluster.kubectl("rollout", "status", "daemonset/web", f"--timeout={GENEROUS_SECONDS}s")
    assert {(p["metadata"]["uid"]) for p in get(cluster, "pods", "-l", "app=web")["items"]} == before
    assert cluster.run("status").returncode == 0


def start_and_kill(until: Callable[[], Any]) -> None:
    """Kill the starter with SIGKILL as soon as the condition holds."""
    starter = subprocess.Popen(
        [sys.executable, "-m", "localcluster", "up", "--cluster-only"],
        env=environment(CORE),
        stderr=subprocess.DEVNULL,
    )
    eventually(until)
    starter.kill()
    starter.wait()


def test_a_starter_killed_half_way_is_resumed_and_cleared_away(cluster: Cluster) -> None:
    instance = cluster.instance
    assert cluster.run("destroy", "--yes").returncode == 0
    start_and_kill(lambda: (machines.home(instance, "spot-1") / "pid.json").exists())
    done = cluster.run("up", "--cluster-only")
    assert done.returncode == 0, done.stderr
    assert ready_nodes(cluster) == {"ondemand-1", "spot-1", "spot-2"}
    assert cluster.run("destroy", "--yes").returncode == 0
    start_and_kill(lambda: (machines.home(instance, "control") / "pid.json").exists())
    assert cluster.run("destroy", "--yes").returncode == 0
    assert leftovers.find(instance) == []


def test_destroy_finds_the_machines_even_if_their_folders_are_gone(cluster: Cluster) -> None:
    assert cluster.run("up", "--cluster-only").returncode == 0
    assert leftovers.find(cluster.instance)
    shutil.rmtree(cluster.instance.machines, ignore_errors=True)  # logs may be written to meanwhile
    done = cluster.run("destroy", "--yes")
    assert done.returncode == 0, done.stderr
    assert leftovers.find(cluster.instance) == []
    assert cluster.run("destroy", "--yes").returncode == 0
