"""What the workers' account may do on a real API server, with the roles and walls that the chart gives it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from deployer import registry
from deployer.errors import PermanentError
from deployer.kube import Kube, Missing
from deployer.kube.objects import KINDS, Kind, path
from deployer.rollout import Rollouts, RolloutSettings, secret_access
from tests.integration.apiserver import programs
from tests.integration.charts.conftest import Helm
from tests.integration.deployer.kubelet import DEADLINE_SECONDS, eventually
from tests.unit.deployer.orders import CLUB, rollout_order

SECRETS_ROLE = "madang-worker-secrets"
SETTINGS = RolloutSettings(account="madang/worker", secrets_role=SECRETS_ROLE)
INSTALLED = {
    "PriorityClass": Kind("scheduling.k8s.io/v1", "priorityclasses", namespaced=False),
    "Role": Kind("rbac.authorization.k8s.io/v1", "roles"),
    "ClusterRole": Kind("rbac.authorization.k8s.io/v1", "clusterroles", namespaced=False),
    "ClusterRoleBinding": Kind("rbac.authorization.k8s.io/v1", "clusterrolebindings", namespaced=False),
    "ValidatingAdmissionPolicy": Kind(
        "admissionregistration.k8s.io/v1", "validatingadmissionpolicies", namespaced=False
    ),
    "ValidatingAdmissionPolicyBinding": Kind(
        "admissionregistration.k8s.io/v1", "validatingadmissionpolicybindings", namespaced=False
    ),
}
TEMPLATES = (
    "templates/priority.yaml",
    "templates/workers/rbac.yaml",
    "templates/builds/namespace.yaml",
    "templates/registry/registry.yaml",
)


def namespace(name: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def secret(where: str, name: str = "probe") -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": where},
        "data": {"word": "c2VjcmV0"},
    }


def binding(where: str, role: str = SECRETS_ROLE, subject: str = "worker") -> dict[str, Any]:
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": "another", "namespace": where},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
        "subjects": [{"kind": "ServiceAccount", "name": subject, "namespace": "madang"}],
    }


@pytest.fixture(scope="module")
def charts(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The chart's roles and walls, rendered once."""
    only = [f"--show-only={template}" for template in TEMPLATES]
    done = Helm(programs() / "helm", tmp_path_factory.mktemp("helm")).run("template", {}, *only)
    assert done.returncode == 0, done.stderr
    return [item for item in yaml.safe_load_all(done.stdout) if item]


@pytest.fixture
def installed(kube: Kube, charts: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> Kube:
    """The administrator's client; the chart's roles and walls are there."""
    for kind, known in INSTALLED.items():
        monkeypatch.setitem(KINDS, kind, known)
    kube.apply(namespace("madang"))
    for item in sorted(charts, key=lambda item: item["kind"] != "Namespace"):
        if KINDS[item["kind"]].namespaced:
            item["metadata"].setdefault("namespace", "madang")
        kube.apply(item)
    for where in ("madang", "kube-system", "madang-builds"):
        kube.apply(secret(where))
    return kube


@pytest.fixture
def worker(installed: Kube, api_server: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kube:
    """A client with the token that a worker's pod would have."""
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    where = path("ServiceAccount", "madang", "worker") + "/token"
    answer = installed._connection.call("POST", where, "make a token", body=request)
    config = yaml.safe_load(api_server.read_text())
    config["users"][0]["user"] = {"token": answer["status"]["token"]}
    given = tmp_path / "kubeconfig"
    given.write_text(yaml.safe_dump(config))
    monkeypatch.setenv("KUBECONFIG", str(given))
    monkeypatch.setattr(secret_access, "BOUND_SECONDS", DEADLINE_SECONDS)
    worker = Kube.from_environment()

    def walls_stand() -> bool:
        try:
            worker.apply(namespace("elsewhere"))
        except PermanentError as refused:
            return "may change only club-*" in refused.explanation.evidence
        return False

    # Until the admission policy has been compiled everything passes.
    eventually(walls_stand)
    eventually(lambda: worker.may("list", "Secret", "madang-builds"))
    return worker


@pytest.fixture
def club(worker: Kube, installed: Kube) -> Iterator[str]:
    slug = f"w{secrets.token_hex(4)}"
    Rollouts(worker, SETTINGS).ensure_club(replace(CLUB, slug=slug))
    yield slug
    installed.delete("Namespace", None, f"club-{slug}")


def test_it_keeps_secrets_of_clubs_and_builds(worker: Kube, club: str) -> None:
    for where in (f"club-{club}", "madang-builds"):
        worker.apply(secret(where, "own"))
        assert worker.get("Secret", where, "own")
        assert worker.find("Secret", where)
        assert worker.delete("Secret", where, "own")


@pytest.mark.parametrize("where", ["kube-system", "madang", "default", None])
def test_it_reads_no_other_secret(worker: Kube, club: str, where: str | None) -> None:
    with pytest.raises(PermanentError, match=r"does not let"):
        worker.find("Secret", where)
    if where:
        with pytest.raises(PermanentError, match=r"does not let"):
            worker.get("Secret", where, "probe")


@pytest.mark.parametrize("role", ["cluster-admin", "edit", "madang-worker"])
def test_it_binds_no_other_role(worker: Kube, club: str, role: str) -> None:
    with pytest.raises(PermanentError) as refused:
        worker.apply(binding(f"club-{club}", role))
    assert refused.value.explanation.reason == "kubernetes-forbidden"


def test_it_binds_nobody_but_itself(worker: Kube, club: str) -> None:
    with pytest.raises(PermanentError) as refused:
        worker.apply(binding(f"club-{club}", subject="default"))
    assert "may bind only itself" in refused.value.explanation.evidence


@pytest.mark.parametrize("where", ["kube-system", "madang", "madang-builds", "default"])
def test_it_binds_nothing_outside_clubs(worker: Kube, where: str) -> None:
    with pytest.raises(PermanentError) as refused:
        worker.apply(binding(where))
    assert refused.value.explanation.reason == "kubernetes-forbidden"


@pytest.fixture
def old_club(worker: Kube, installed: Kube, club: str) -> str:
    """A club from before the bindings, with a project."""
    Rollouts(worker, SETTINGS).apply(rollout_order(club=club))
    assert installed.delete("RoleBinding", f"club-{club}", "madang-secrets")
    eventually(lambda: not worker.may("list", "Secret", f"club-{club}"))
    return club


def test_a_club_from_before_the_bindings_is_rolled_out_to(worker: Kube, old_club: str) -> None:
    Rollouts(worker, SETTINGS).apply(rollout_order(club=old_club, release=4, fence=8))


def test_a_project_from_before_the_bindings_is_removed(worker: Kube, installed: Kube, old_club: str) -> None:
    Rollouts(worker, SETTINGS).remove_project(old_club, "blog")
    assert installed.find("Secret", f"club-{old_club}", labels={"madang.dev/project": "blog"}) == []


def test_a_project_of_a_club_that_never_was_is_removed(worker: Kube) -> None:
    Rollouts(worker, SETTINGS).remove_project("never-was", "blog")


def test_a_whole_release_needs_no_other_right(worker: Kube, club: str) -> None:
    rollouts = Rollouts(worker, SETTINGS)
    rollouts.ensure_club(replace(CLUB, slug=club))
    rollouts.apply(rollout_order(club=club))
    rollouts.remove_project(club, "blog")
    rollouts.remove_club(club)


def test_a_missing_namespace_is_told(worker: Kube) -> None:
    with pytest.raises(Missing):
        Rollouts(worker, SETTINGS).apply(rollout_order(club="never-was"))


def test_it_restarts_the_registry_and_tells_its_pod_how_long_it_is_quiet(
    worker: Kube, installed: Kube
) -> None:
    registry.restart(worker, "madang/registry", datetime(2030, 1, 1, tzinfo=UTC))

    def pod() -> bool:
        pods = installed.find("Pod", "madang", labels={"app.kubernetes.io/component": "registry"})
        return [one["metadata"]["annotations"].get("madang.dev/quiet-until") for one in pods] == [
            "1893456000"
        ]

    eventually(pod)


@pytest.mark.parametrize(
    "change",
    [
        {"replicas": 0},
        {"template": {"spec": {"automountServiceAccountToken": True}}},
        {"persistentVolumeClaimRetentionPolicy": {"whenScaled": "Delete"}},
    ],
    ids=["replicas", "pods", "volumes"],
)
def test_it_changes_nothing_of_the_registry(worker: Kube, change: dict[str, Any]) -> None:
    with pytest.raises(PermanentError) as refused:
        worker.merge("StatefulSet", "madang", "registry", {"spec": change})
    assert "may restart the registry, and change nothing" in refused.value.explanation.evidence
