"""Real workers, a real broker, a real API server: a build outlives those who watch over it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from portal.builds.cancelling import cancel_build
from portal.builds.models import Build
from portal.sweeping import sweep

from deployer.kube import JsonMap, Kube
from tests.integration.apiserver import running_api_server
from tests.integration.portal.processes import Worker, eventually
from tests.integration.portal.scene import BY, push, run_out, some_project

NAMESPACE = "madang-builds"
T = TypeVar("T")


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


@pytest.fixture
def workers(
    platform_environment: dict[str, str], kubeconfig: Path, tmp_path: Path
) -> Iterator[Callable[..., Worker]]:
    """Starts workers; those that a failed test leaves are killed. No lease of a living one runs out."""
    environment = {**platform_environment, "KUBECONFIG": str(kubeconfig)}
    started: list[Worker] = []

    def start(lease_seconds: int = 3600) -> Worker:
        environment["MADANG_LEASE_SECONDS"] = str(lease_seconds)
        started.append(Worker("builds", environment, tmp_path / f"worker-{len(started)}.log"))
        return started[-1]

    yield start
    for worker in started:
        worker.kill()


def swept_until(look: Callable[[], T | None], worker: Worker) -> T:
    """What `look` gives at last, while beat makes its rounds."""

    def after_a_round() -> T | None:
        worker.alive()
        sweep()
        return look()

    return eventually(after_a_round)


def test_a_job_outlives_a_killed_worker_and_one_that_leaves_and_ends_when_it_is_cancelled(
    workers: Callable[..., Worker], kube: Kube
) -> None:
    project = some_project()
    build = push(project)
    first = workers()
    job = swept_until(lambda: job_of(kube, build), first)
    assert str(first.pid) in owner_of(build)

    first.kill()
    run_out(Build)
    second = workers()
    swept_until(lambda: str(second.pid) in owner_of(build), second)
    assert build.takeovers == 1

    assert second.end() == 0
    assert owner_of(build) == ""
    assert build.state == "running"

    # Its wish to stop is seen within a third of a lease.
    third = workers(90)
    swept_until(lambda: str(third.pid) in owner_of(build), third)
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
