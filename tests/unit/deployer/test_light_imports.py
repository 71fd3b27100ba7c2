"""A process that only reads commits and plans builds does without the kubernetes client."""

from __future__ import annotations

import subprocess
import sys


def test_planning_does_not_load_the_kubernetes_client() -> None:
    program = (
        "import sys, deployer.build, deployer.rollout, deployer.source; print('kubernetes' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
