"""Real workers, a real broker, a real API server: a build outlives those who watch over it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from portal.builds.cancelling import cancel_build
from portal.builds.models import Build
from portal.sweeping import sweep

from deployer.kube import JsonMap, Kube
from tests.integration.apiserver import running_api_server
from tests.integration.portal.processes import Worker, eventually
from tests.integration.portal.scene import BY, push, some_project

NAMESPACE = "madang-builds"


@pytest.fixture(scope="module")
def kubeconfig() -> Iterator[Path]:
    with running_api_server() as path:
        yield path


@pytest.fixture
def kube(kubeconfig: Path, monkeypatch: pytest.MonkeyPatch) -> Kube:
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
    kube = Kube.from_environment()
    kube.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
    return kube


def job_of(kube: Kube, build: Build) -> JsonMap | None:
    """The build's Job, once it is wholly made."""
    found = [
        job
        for job in kube.find("Job", NAMESPACE)
        if f"build-{build.pk}" in job["metadata"]["name"] and not job["spec"].get("suspend")
    ]
    assert len(found) <= 1
    return found[0] if found else None


def owner_of(build: Build) -> str:
    build.refresh_from_db()
    return build.lease_owner


def test_a_job_outlives_a_killed_worker_and_one_that_leaves_and_ends_when_it_is_cancelled(
    platform_environment: dict[str, str], kube: Kube, kubeconfig: Path, tmp_path: Path
) -> None:
    environment = {**platform_environment, "KUBECONFIG": str(kubeconfig), "MADANG_LEASE_SECONDS": "3"}

    def worker(name: str) -> Worker:
        return Worker("builds", environment, tmp_path / f"{name}.log")

    def swept_until(look: object) -> None:
        def round_of_beat() -> object:
            sweep()
            return look()  # type: ignore[operator]

        eventually(round_of_beat)

    first = worker("first")
    project = some_project()
    build = push(project)
    job = eventually(lambda: job_of(kube, build), f"the Job; {first.said()[-2000:]}")
    owner = owner_of(build)
    assert str(first.pid) in owner

    first.kill()
    second = worker("second")
    swept_until(lambda: str(second.pid) in owner_of(build))
    assert build.takeovers == 1

    assert second.end() == 0
    assert owner_of(build) == ""
    assert build.state == "running"

    third = worker("third")
    swept_until(lambda: str(third.pid) in owner_of(build))
    assert build.takeovers == 1
    again = job_of(kube, build)
    assert again is not None
    assert again["metadata"]["uid"] == job["metadata"]["uid"]

    cancel_build(by=BY, project=project, build_id=build.pk)

    def state() -> str:
        build.refresh_from_db()
        return build.state

    eventually(lambda: state() == "cancelled", "the end")
    assert build.stream.state == "cancelled"
    eventually(lambda: not kube.find("Job", NAMESPACE), "a cluster without the Job")
    assert third.end() == 0
    for each in (first, second, third):
        assert "Traceback" not in each.said(), each.said()[-3000:]
