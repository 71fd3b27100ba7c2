"""A cluster of its own for these tests, without Madang on it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from unittest.mock import patch

import pytest

from localcluster.instance import Instance
from tests.clusters import CORE, environment, standing


@dataclass(frozen=True)
class Cluster:
    instance: Instance

    def run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """`python -m localcluster …`, to its end."""
        return subprocess.run(
            [sys.executable, "-m", "localcluster", *words],
            env=environment(CORE),
            capture_output=True,
            text=True,
        )

    def kubectl(self, *words: str, data: str | None = None) -> str:
        done = subprocess.run(
            [self.instance.state / "bin/kubectl", f"--kubeconfig={self.instance.kubeconfig}", *words],
            input=data,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with standing(CORE):
        with patch.dict(os.environ, environment(CORE), clear=True):
            made = Cluster(Instance.from_environment())
        try:
            done = made.run("up", "--cluster-only")
            assert done.returncode == 0, done.stderr
            yield made
        finally:
            made.run("destroy", "--yes")
