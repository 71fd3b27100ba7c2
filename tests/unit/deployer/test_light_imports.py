"""A process that reads commits, plans builds or shows pages does without the kubernetes client."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "modules",
    [
        "deployer.build, deployer.rollout, deployer.source",
        "deployer.fleet, deployer.kube.pods, deployer.rollout.sight, deployer.rollout.traffic",
    ],
    ids=["planning", "what pages show"],
)
def test_the_kubernetes_client_is_not_loaded(modules: str) -> None:
    program = f"import sys, {modules}; print('kubernetes' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
