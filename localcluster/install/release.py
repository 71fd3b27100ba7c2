"""The chart's release: helm runs only if the chart or a value has changed."""

import base64
import gzip
import hashlib
import json
import os
import subprocess
from collections.abc import Iterable, Mapping
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


def images(api: Api) -> set[str]:
    """The images of every revision that helm can go back to."""
    return {image for revision in _revisions(api) for image in images_of(revision)}


def images_of(revision: Mapping[str, Any]) -> set[str]:
    """Of one of helm's Secrets: a release is JSON, packed by gzip, in base64 before Kubernetes' own."""
    packed = base64.b64decode(base64.b64decode(revision["data"]["release"]))
    values = json.loads(gzip.decompress(packed)).get("config") or {}
    return {image for image in values.get("images", {}).values() if isinstance(image, str)}


def upgrade(instance: Instance, api: Api, programs: Path, values: Mapping[str, Any], report: Report) -> None:
    """`helm upgrade --install`, unless the newest revision is this chart with these values."""
    wanted = fingerprint(CHART, values)
    revisions = _revisions(api)
    labels = [revision["metadata"]["labels"] for revision in revisions]
    if is_deployed(labels, wanted):
        return
    # A helm that was killed leaves its revision pending, and every later one refuses to start.
    for revision in revisions:
        if revision["metadata"]["labels"]["status"].startswith("pending-"):
            api.delete(f"{_RELEASES}/{revision['metadata']['name']}")
    report("helm installs the platform")
    written = instance.state / "values.json"
    written.write_text(json.dumps(values, indent=1))
    _run(instance, programs, ["upgrade", "--install", RELEASE, str(CHART), *_options(written, wanted)])


def is_deployed(revisions: Iterable[Mapping[str, str]], wanted: str) -> bool:
    """Whether the newest revision, by the labels of helm's Secrets, ended well with the wanted fingerprint.

    The newest, not any: a later one that failed or was killed half-way may have changed objects.
    """
    newest = max(revisions, key=lambda labels: int(labels["version"]), default=None)
    return newest is not None and newest["status"] == "deployed" and newest.get(FINGERPRINT) == wanted


def fingerprint(chart: Path, values: Mapping[str, Any]) -> str:
    """Names the chart's files and the values; fit for a label."""
    digest = hashlib.sha256(json.dumps(values, sort_keys=True).encode())
    for path in sorted(path for path in chart.rglob("*") if path.is_file()):
        digest.update(str(path.relative_to(chart)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:40]


def _revisions(api: Api) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.get(_RELEASES, labelSelector=f"owner=helm,name={RELEASE}")["items"]
    return found


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
