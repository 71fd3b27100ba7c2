"""The agent's image holds only what is pinned for it, so the agent may import no more."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[4]
PROGRAM = "import json, sys, spot.__main__, spot.agent, spot.settings; print(json.dumps(sorted(sys.modules)))"


def test_the_agent_imports_nothing_of_the_controllers_or_the_portals() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = set(json.loads(done.stdout))
    assert "spot.agent.loop" in loaded
    assert not loaded & {"boto3", "botocore", "django", "celery", "redis", "psycopg", "git", "starlette"}
    assert not loaded & {"portal", "deployer", "spot.controller", "spot.cloud.aws"}


def test_the_versions_of_the_agents_dependencies_are_the_projects() -> None:
    told: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
    projects = {re.split(r"[^\w-]", line)[0] for line in told["project"]["dependencies"]}
    assert set(told["dependency-groups"]["agent"]) <= projects  # bare names: a version would be a second one
