"""The real helm, from the cluster's programs."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from deployer.rollout.club import club_objects
from deployer.rollout.order import ClubSpec
from deployer.rollout.settings import RolloutSettings
from localcluster import programs
from localcluster.instance import Instance
from tests.integration.apiserver import running_api_server
from tests.integration.charts import walls
from tests.integration.charts.walls import Caller

CHART = Path(__file__).parents[3] / "charts/madang"
IMAGES = {
    name: f"docker.io/madang/{name}@sha256:{'0' * 64}"
    for name in ("platform", "agent", "builder", "postgres", "redis", "registry")
}
PAUSE = "example.org/pause:1"
CLUB = ClubSpec("chess", 512 << 20, 1000, 10, "puller", "secret")


class Helm:
    """helm on the chart, with images given. What it rendered once it remembers: it takes most of a second."""

    def __init__(self, program: Path, scratch: Path) -> None:
        self._program = program
        self._scratch = scratch
        self._rendered: dict[str, str] = {}

    def run(self, verb: str, values: dict[str, Any], *more: str) -> subprocess.CompletedProcess[str]:
        written = self._scratch / "values.yaml"
        written.write_text(yaml.safe_dump({"images": IMAGES} | values))
        name = ["madang"] if verb == "template" else []
        options = [f"--values={written}", "--namespace=madang", *more]
        command = [str(self._program), verb, *name, str(CHART), *options]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def objects(self, values: dict[str, Any]) -> list[dict[str, Any]]:
        key = json.dumps(values, sort_keys=True)
        if key not in self._rendered:
            done = self.run("template", values)
            assert done.returncode == 0, done.stderr
            self._rendered[key] = done.stdout
        # By libyaml: each test reads the whole chart, for which Python alone takes eight times as long.
        return [item for item in yaml.load_all(self._rendered[key], yaml.CSafeLoader) if item]


@pytest.fixture(scope="session")
def helm(tmp_path_factory: pytest.TempPathFactory) -> Helm:
    instance = Instance.from_environment()
    folder = instance.programs or programs.ensure(instance.cache, print)
    return Helm(folder / "helm", tmp_path_factory.mktemp("helm"))


@pytest.fixture(scope="session")
def audit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the API server of `admin` writes what it was asked by the spot handler."""
    folder = tmp_path_factory.mktemp("audit")
    user = "system:serviceaccount:madang:spot-controller"
    rules = [{"level": "Metadata", "users": [user], "omitStages": ["RequestReceived"]}, {"level": "None"}]
    policy = {"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "rules": rules}
    (folder / "policy.yaml").write_text(yaml.safe_dump(policy))
    return folder / "audit.log"


@pytest.fixture(scope="session")
def admin(helm: Helm, audit: Path) -> Iterator[Caller]:
    """A real API server with the chart's rights and walls, two spot nodes, and a club; no pod ever runs."""
    policy = audit.with_name("policy.yaml")
    with running_api_server(f"--audit-log-path={audit}", f"--audit-policy-file={policy}") as kubeconfig:
        caller = walls.administrator(kubeconfig)
        walls.install(caller, helm.objects({"images": {**IMAGES, "pause": PAUSE}}), "madang")
        for name in ("spot-1", "spot-2"):
            metadata = {"name": name, "labels": {"kept": "yes"}, "annotations": {"kept": "yes"}}
            caller.create({"apiVersion": "v1", "kind": "Node", "metadata": metadata})
        caller.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "elsewhere"}})
        caller.create(walls.service_account("elsewhere"))
        for item in club_objects(CLUB, RolloutSettings()):
            if item["kind"] in walls.KINDS:
                caller.create(item)
        walls.wait_until_policies_hold(caller)
        yield caller


@pytest.fixture(scope="session")
def controller(admin: Caller) -> Caller:
    """The spot controller's account."""
    return walls.account(admin, "madang", "spot-controller")
