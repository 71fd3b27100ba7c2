"""The real helm, from the cluster's programs."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from localcluster import programs
from localcluster.instance import Instance

CHART = Path(__file__).parents[3] / "charts/madang"
IMAGES = {
    name: f"docker.io/madang/{name}@sha256:{'0' * 64}"
    for name in ("platform", "builder", "postgres", "redis", "registry")
}


class Helm:
    """helm on the chart, with images given."""

    def __init__(self, program: Path, scratch: Path) -> None:
        self._program = program
        self._scratch = scratch

    def run(self, verb: str, values: dict[str, Any], *more: str) -> subprocess.CompletedProcess[str]:
        written = self._scratch / "values.yaml"
        written.write_text(yaml.safe_dump({"images": IMAGES} | values))
        name = ["madang"] if verb == "template" else []
        command = [
            str(self._program),
            verb,
            *name,
            str(CHART),
            f"--values={written}",
            "--namespace=madang",
            *more,
        ]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def objects(self, values: dict[str, Any]) -> list[dict[str, Any]]:
        done = self.run("template", values)
        assert done.returncode == 0, done.stderr
        return [item for item in yaml.safe_load_all(done.stdout) if item]


@pytest.fixture(scope="session")
def helm_program() -> Path:
    instance = Instance.from_environment()
    return (instance.programs or programs.ensure(instance.cache, print)) / "helm"


@pytest.fixture
def helm(helm_program: Path, tmp_path: Path) -> Helm:
    return Helm(helm_program, tmp_path)
