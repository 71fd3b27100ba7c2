"""A cluster of its own for these tests, without Madang on it; what a killed run left goes first."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from localcluster.instance import Instance

SETTINGS = {
    "MADANG_INSTANCE": "madang-core-test",
    "MADANG_PORT_OFFSET": "1500",
    "MADANG_SPOT_NODES": "2",
    "MADANG_REPLACEMENT_DELAY_SECONDS": "1",
}


@dataclass(frozen=True)
class Cluster:
    instance: Instance

    def run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """`python -m localcluster …`, to its end."""
        return subprocess.run(
            [sys.executable, "-m", "localcluster", *words], env=environment(), capture_output=True, text=True
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


def environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MADANG_")}
    cache = {"MADANG_CACHE": os.environ["MADANG_CACHE"]} if "MADANG_CACHE" in os.environ else {}
    return {**kept, **cache, **SETTINGS}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MADANG_STATE", raising=False)
        for name, value in SETTINGS.items():
            patch.setenv(name, value)
        made = Cluster(Instance.from_environment())
    assert made.run("destroy", "--yes").returncode == 0
    try:
        done = made.run("up", "--cluster-only")
        assert done.returncode == 0, done.stderr
        yield made
    finally:
        made.run("destroy", "--yes")
