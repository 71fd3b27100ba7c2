"""The Job of a build: valid for the API server, walled in, and with what only it may know apart."""

from __future__ import annotations

import base64
import json
from typing import Any

import kubernetes_validate
import pytest

from deployer.build import BuildLimits, BuildOrder
from deployer.build.job import job, job_name, secret
from deployer.build.pod import build_arguments, resources
from tests.unit.deployer.orders import BUILD_SETTINGS, GENERATED, OWN, build_order

OWNER = {"metadata": {"uid": "6f1c"}}


def pod(order: BuildOrder) -> dict[str, Any]:
    spec: dict[str, Any] = job(order, BUILD_SETTINGS)["spec"]["template"]["spec"]
    return spec


@pytest.mark.parametrize("plan", [GENERATED, OWN])
def test_the_objects_are_what_kubernetes_1_35_takes(plan: Any) -> None:
    order = build_order(plan=plan)
    for item in (job(order, BUILD_SETTINGS), secret(order, BUILD_SETTINGS, OWNER)):
        kubernetes_validate.validate(item, "1.35", strict=True)


def test_the_pod_runs_in_a_user_namespace_without_a_token_of_the_api() -> None:
    spec = pod(build_order())
    assert (spec["hostUsers"], spec["automountServiceAccountToken"], spec["enableServiceLinks"]) == (
        False,
        False,
        False,
    )
    for container in spec["initContainers"] + spec["containers"]:
        assert container["securityContext"]["allowPrivilegeEscalation"] is False
        assert container["securityContext"]["capabilities"]["drop"] == ["ALL"]
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}


def test_only_the_builder_itself_gets_capabilities() -> None:
    spec = pod(build_order())
    assert "add" not in spec["initContainers"][0]["securityContext"]["capabilities"]
    assert "SYS_ADMIN" in spec["containers"][0]["securityContext"]["capabilities"]["add"]


def test_a_lost_node_does_not_count_as_a_failure() -> None:
    spec = job(build_order(), BUILD_SETTINGS)["spec"]
    assert (spec["backoffLimit"], spec["podReplacementPolicy"]) == (0, "Failed")
    rule = spec["podFailurePolicy"]["rules"][0]
    assert (rule["action"], rule["onPodConditions"][0]["type"]) == ("Ignore", "DisruptionTarget")


def test_the_clock_is_the_pods_so_that_waiting_for_a_node_is_free() -> None:
    order = build_order(limits=BuildLimits(deadline_seconds=60))
    spec = job(order, BUILD_SETTINGS)["spec"]
    assert "activeDeadlineSeconds" not in spec
    assert spec["template"]["spec"]["activeDeadlineSeconds"] == 60


@pytest.mark.parametrize("memory_bytes", [64 << 20, 300 << 20, 2 << 30])
def test_requests_stay_below_the_limits(memory_bytes: int) -> None:
    made = resources(BuildLimits(memory_bytes=memory_bytes, cpu_millicores=100))
    amount = {kind: int(made[kind]["memory"].removesuffix("Mi")) for kind in ("requests", "limits")}
    assert 0 < amount["requests"] <= amount["limits"] == memory_bytes >> 20
    assert made["requests"]["cpu"] == "100m"


def test_secrets_stand_in_the_secret_and_nowhere_else() -> None:
    order = build_order()
    text = json.dumps(job(order, BUILD_SETTINGS))
    assert "fetch secret" not in text
    assert "push secret" not in text
    data = secret(order, BUILD_SETTINGS, OWNER)["data"]
    assert base64.b64decode(data["token"]) == b"fetch secret"
    config = json.loads(base64.b64decode(data["config.json"]))
    login = config["auths"]["registry.madang.svc.cluster.local:5000"]["auth"]
    assert base64.b64decode(login) == b"build-17:push secret"


def test_the_secret_goes_with_its_job() -> None:
    owner = secret(build_order(), BUILD_SETTINGS, OWNER)["metadata"]["ownerReferences"][0]
    assert (owner["kind"], owner["name"], owner["uid"]) == ("Job", "build-17-1", "6f1c")


def test_each_attempt_has_a_job_of_its_own() -> None:
    assert job_name(build_order(attempt=1)) != job_name(build_order(attempt=2))


def test_a_generated_dockerfile_comes_from_beside_the_sources() -> None:
    order = build_order()
    assert build_arguments(order)[:4] == ["--local", "dockerfile=/plan", "--opt", "filename=Dockerfile"]
    mounts = {mount["mountPath"] for mount in pod(order)["containers"][0]["volumeMounts"]}
    assert {"/plan/Dockerfile", "/plan/Dockerfile.dockerignore"} <= mounts


def test_the_projects_own_dockerfile_is_named_within_the_sources() -> None:
    order = build_order(plan=OWN)
    assert build_arguments(order)[:2] == ["--opt", "filename=deploy/Dockerfile"]
    assert not [volume for volume in pod(order)["volumes"] if volume["name"] == "plan"]


def test_the_cache_is_the_projects_and_may_be_missing() -> None:
    arguments = build_arguments(build_order())
    cache = "type=registry,ref=registry.madang.svc.cluster.local:5000/cache/chess/blog:cache"
    assert arguments[arguments.index("--import-cache") + 1] == cache
    assert arguments[arguments.index("--export-cache") + 1].endswith("ignore-error=true")
