"""Who may reach whom, and what the API server refuses: the walls as they stand on a running platform."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.e2e.road import ROOT, Done, Road, command

pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("lost nodes")]

NAMES = {
    "postgres": "postgres.madang.svc.cluster.local:5432",
    "redis": "redis.madang.svc.cluster.local:6379",
    "registry": "registry.madang.svc.cluster.local:5000",
    "portal": "portal.madang.svc.cluster.local:80",
    "portal for visitors": "portal.madang.svc.cluster.local:8001",
    "portal in place of projects": "portal.madang.svc.cluster.local:8002",
    "git": "git.madang.svc.cluster.local:80",
    "ingress": "traefik.madang-ingress.svc.cluster.local:80",
    "API server": "172.30.0.1:6443",
    "API Service": "10.96.0.1:443",
    "mirror": "172.30.0.1:5000",
    "way out": "172.30.0.1:3128",
    "metadata": "169.254.169.254:80",
    "kubelet of ondemand-1": "172.30.0.11:10250",
    "kubelet of spot-1": "172.30.0.19:10250",
}
REACHABLE = {
    "deploy/beat": {"postgres", "redis"},
    "statefulset/git": {"postgres", "redis"},
    "deploy/portal": {"postgres", "redis", "API server", "API Service"},
    "deploy/worker-default": {"postgres", "redis", "API server", "API Service", "registry", "ingress"},
    "deploy/worker-builds": {"postgres", "redis", "API server", "API Service", "registry", "ingress"},
}
BUILD_REACHES = {"git", "portal", "registry", "mirror", "way out"}
WORKER = "--as=system:serviceaccount:madang:worker"


@pytest.mark.parametrize("program", REACHABLE)
def test_a_program_of_the_platform_reaches_what_it_needs_and_nothing_else(
    platform: Road, program: str
) -> None:
    assert reached_from(platform, "madang", program, REACHABLE[program]) == REACHABLE[program]


def test_a_build_reaches_its_source_the_registries_and_the_way_out(platform: Road, build_pod: str) -> None:
    assert reached_from(platform, "madang-builds", build_pod, BUILD_REACHES) == BUILD_REACHES


def test_a_pod_outside_the_platform_reaches_none_of_its_parts(platform: Road, stray_pod: str) -> None:
    reached = reached_from(platform, "default", stray_pod, set())
    portal = {name for name in NAMES if name.startswith("portal")}
    assert reached & {"postgres", "redis", "registry", "git", *portal} == set()


def test_the_platforms_namespace_takes_no_ordinary_pod(platform: Road) -> None:
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "plain", "namespace": "madang"},
        "spec": {"containers": [{"name": "c", "image": "docker.io/madang/builder"}]},
    }
    refused = create(platform, pod)
    assert refused.status != 0
    assert 'violates PodSecurity "restricted' in refused.output


def test_the_builds_namespace_takes_the_builder(platform: Road) -> None:
    assert create(platform, builder(platform)).status == 0


def _container(**fields: Any) -> Callable[[dict[str, Any]], None]:
    return lambda spec: spec["containers"][0].update(fields)


def _security(**fields: Any) -> Callable[[dict[str, Any]], None]:
    return lambda spec: spec["containers"][0]["securityContext"].update(fields)


def _volume(**source: Any) -> Callable[[dict[str, Any]], None]:
    return lambda spec: spec.update(volumes=[{"name": "v", **source}])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param(lambda spec: spec.pop("hostUsers"), "user namespace", id="root of the node"),
        pytest.param(lambda spec: spec.update(hostUsers=True), "user namespace", id="root, said aloud"),
        pytest.param(lambda spec: spec.update(hostNetwork=True), "hostNetwork", id="the node's network"),
        pytest.param(_container(image="docker.io/madang/platform"), "builder's image", id="another image"),
        pytest.param(
            lambda spec: spec.update(initContainers=[{**spec["containers"][0], "name": "i", "image": "x"}]),
            "builder's image",
            id="another image in an init container",
        ),
        pytest.param(_volume(hostPath={"path": "/"}), "volumes are", id="a folder of the node"),
        pytest.param(
            _volume(projected={"sources": [{"serviceAccountToken": {"path": "token"}}]}),
            "volumes are",
            id="a token of the API as a volume",
        ),
        pytest.param(
            lambda spec: spec.pop("automountServiceAccountToken"), "token of the API", id="a token of the API"
        ),
        pytest.param(_security(allowPrivilegeEscalation=True), "privileged", id="escalation"),
        pytest.param(
            _security(capabilities={"drop": ["ALL"], "add": ["SYS_PTRACE"]}),
            "capabilities",
            id="more capabilities",
        ),
        pytest.param(_security(capabilities={}), "capabilities", id="all default capabilities"),
        pytest.param(_security(seccompProfile={"type": "Unconfined"}), "seccomp", id="no seccomp"),
        pytest.param(_security(procMount="Unmasked"), "/proc", id="an unmasked /proc"),
        pytest.param(
            _container(ports=[{"containerPort": 80, "hostPort": 80}]), "host port", id="a port of the node"
        ),
    ],
)
def test_the_builds_namespace_refuses_a_pod_with(
    platform: Road, change: Callable[[dict[str, Any]], object], said: str
) -> None:
    pod = builder(platform)
    change(pod["spec"])
    refused = create(platform, pod)
    assert refused.status != 0
    assert said in refused.output


@pytest.mark.parametrize(
    "words",
    [
        ["create", "namespace", "elsewhere"],
        ["-n", "madang", "create", "configmap", "x"],
        ["-n", "kube-system", "create", "secret", "generic", "x"],
        ["-n", "madang", "delete", "service", "portal"],
        ["delete", "namespace", "madang"],
    ],
    ids=" ".join,
)
def test_the_worker_changes_nothing_outside_of_clubs_and_builds(platform: Road, words: list[str]) -> None:
    refused = kubectl(platform, WORKER, *words, "--dry-run=server")
    assert refused.status != 0
    assert "may change only club-*" in refused.output or "is forbidden" in refused.output


@pytest.mark.parametrize(
    "words",
    [["create", "namespace", "club-x"], ["-n", "madang-builds", "create", "configmap", "x"]],
    ids=" ".join,
)
def test_the_worker_works_in_clubs_and_builds(platform: Road, words: list[str]) -> None:
    done = kubectl(platform, WORKER, *words, "--dry-run=server")
    assert done.status == 0, done.output


@pytest.mark.parametrize(
    "words",
    [
        ["create", "pods"],
        ["create", "clusterrolebindings"],
        ["create", "pods/exec"],
        ["get", "persistentvolumes"],
    ],
    ids=" ".join,
)
def test_the_worker_has_no_right_to(platform: Road, words: list[str]) -> None:
    assert kubectl(platform, WORKER, "auth", "can-i", *words, "-n", "club-x").output.splitlines()[-1] == "no"


@pytest.fixture
def build_pod(platform: Road) -> Iterator[str]:
    pod = builder(platform)
    pod["spec"]["containers"][0]["command"] = ["sleep", "600"]
    yield from running(platform, pod)


@pytest.fixture
def stray_pod(platform: Road) -> Iterator[str]:
    image = image_of(platform, "builder")
    container = {"name": "stray", "image": image, "command": ["sleep", "600"]}
    yield from running(
        platform,
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "stray", "namespace": "default"},
            "spec": {"containers": [container], "terminationGracePeriodSeconds": 0},
        },
    )


def running(platform: Road, pod: dict[str, Any]) -> Iterator[str]:
    """Gives pod/NAME while it runs."""
    namespace, name = pod["metadata"]["namespace"], f"pod/{pod['metadata']['name']}"
    kubectl(platform, "-n", namespace, "delete", name, "--ignore-not-found", "--now")
    created = create(platform, pod, dry_run=False)
    assert created.status == 0, created.output
    try:
        platform.kubectl("-n", namespace, "wait", "--for=condition=Ready", name, "--timeout=300s")
        yield name
    finally:
        platform.kubectl("-n", namespace, "delete", name, "--now")


def builder(platform: Road) -> dict[str, Any]:
    """The smallest pod that the builds namespace takes."""
    security = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"], "add": ["SYS_ADMIN"]}}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "walls", "namespace": "madang-builds"},
        "spec": {
            "hostUsers": False,
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": 0,
            "securityContext": {"runAsUser": 0, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [
                {
                    "name": "build",
                    "image": image_of(platform, "builder"),
                    "securityContext": copy.deepcopy(security),
                }
            ],
        },
    }


def image_of(platform: Road, name: str) -> str:
    """The reference that the chart was installed with."""
    config = json.loads(platform.kubectl("-n", "madang", "get", "configmap", "madang-config", "-o", "json"))
    return str(config["data"][f"MADANG_{name.upper()}_IMAGE"])


def create(platform: Road, pod: dict[str, Any], *, dry_run: bool = True) -> Done:
    file = platform.home / "pod.json"
    file.write_text(json.dumps(pod))
    return kubectl(platform, "create", "-f", str(file), *(["--dry-run=server"] if dry_run else []))


def kubectl(platform: Road, *words: str) -> Done:
    """As `Road.kubectl`, for commands that are meant to be refused."""
    return command([str(ROOT / "bin/kubectl"), *words], cwd=ROOT)


def reached_from(platform: Road, namespace: str, pod: str, wanted: set[str]) -> set[str]:
    """Which of NAMES take a connection from inside the pod.

    What is `wanted` is tried a few times more: on a busy machine it may take the connection too late.
    """
    reached: set[str] = set()
    for _ in range(6):
        reached |= _reached_now(platform, namespace, pod)
        if wanted <= reached:
            break
    return reached


def _reached_now(platform: Road, namespace: str, pod: str) -> set[str]:
    # All at once: each that does not answer costs the time-out.
    tries = "; ".join(
        f"(timeout 5 bash -c '</dev/tcp/{address.replace(':', '/')}' 2>/dev/null && echo {number}) &"
        for number, address in enumerate(NAMES.values())
    ).replace("&;", "&")
    said = platform.kubectl("-n", namespace, "exec", pod, "--", "bash", "-c", f"{tries} wait")
    return {list(NAMES)[int(number)] for number in said.split() if number.isdigit()}
