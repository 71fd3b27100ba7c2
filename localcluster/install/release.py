"""The chart's release: helm runs only if the chart or a value has changed."""

import hashlib
import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from localcluster.api import Api
from localcluster.errors import ClusterError
from localcluster.install.tree import CHART
from localcluster.install.values import NAMESPACE
from localcluster.instance import Instance
from localcluster.report import Report

RELEASE = "madang"
FINGERPRINT = "madang.dev/fingerprint"
_RELEASES = f"/api/v1/namespaces/{NAMESPACE}/secrets"
_OURS = f"owner=helm,name={RELEASE}"


def upgrade(instance: Instance, api: Api, programs: Path, values: Mapping[str, Any], report: Report) -> None:
    """`helm upgrade --install`, unless the deployed release has this very chart and these values."""
    wanted = fingerprint(CHART, values)
    if api.get(_RELEASES, labelSelector=f"{_OURS},status=deployed,{FINGERPRINT}={wanted}")["items"]:
        return
    _forget_interrupted(api)
    report("helm installs the platform")
    written = instance.state / "values.json"
    written.write_text(json.dumps(values, indent=1))
    _run(instance, programs, ["upgrade", "--install", RELEASE, str(CHART), *_options(written, wanted)])


def fingerprint(chart: Path, values: Mapping[str, Any]) -> str:
    """Names the chart's files and the values; fit for a label."""
    digest = hashlib.sha256(json.dumps(values, sort_keys=True).encode())
    for path in sorted(path for path in chart.rglob("*") if path.is_file()):
        digest.update(str(path.relative_to(chart)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:40]


def _options(values: Path, wanted: str) -> list[str]:
    return [
        f"--namespace={NAMESPACE}",
        f"--values={values}",
        f"--labels={FINGERPRINT}={wanted}",
        "--history-max=5",
        # What somebody changed by hand goes back to what the chart says.
        "--server-side=true",
        "--force-conflicts",
        "--hide-notes",
    ]


def _forget_interrupted(api: Api) -> None:
    """A helm that was killed leaves its revision pending, and every later one refuses to start."""
    pending = "status in (pending-install,pending-upgrade,pending-rollback)"
    for secret in api.get(_RELEASES, labelSelector=f"{_OURS},{pending}")["items"]:
        api.delete(f"{_RELEASES}/{secret['metadata']['name']}")


def _run(instance: Instance, programs: Path, arguments: list[str]) -> None:
    home = instance.cache / "helm"
    environment = {
        **os.environ,
        "KUBECONFIG": str(instance.kubeconfig),
        **{f"HELM_{kind}_HOME": str(home / kind.lower()) for kind in ("CACHE", "CONFIG", "DATA")},
    }
    done = subprocess.run(
        [str(programs / "helm"), *arguments], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise ClusterError(f"helm refused to install the platform:\n{done.stderr.strip()[-4000:]}")
