"""The real helm, from the cluster's programs."""

from __future__ import annotations

import json
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
        return [item for item in yaml.safe_load_all(self._rendered[key]) if item]


@pytest.fixture(scope="session")
def helm(tmp_path_factory: pytest.TempPathFactory) -> Helm:
    instance = Instance.from_environment()
    folder = instance.programs or programs.ensure(instance.cache, print)
    return Helm(folder / "helm", tmp_path_factory.mktemp("helm"))
