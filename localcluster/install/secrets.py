"""The platform's secrets: made once, kept beside the data that is encrypted with them."""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from localcluster.api import Api
from localcluster.errors import ClusterError
from localcluster.install.tree import TREE
from localcluster.install.values import NAMESPACE
from localcluster.instance import Instance

NAME = "madang-secrets"
# What later versions brought: a cluster that is older gets it.
ADDED = ("MADANG_SPOT_REPORT_KEY", "MADANG_DRILL_TOKEN")


def ensure(instance: Instance, api: Api) -> None:
    """The Secret `madang-secrets` exists with every name; a value that is there is never changed.

    A copy is written to the state folder first: were only the cluster to know them, losing it would lose
    the key to what PostgreSQL holds encrypted.
    """
    there = api.find(f"/api/v1/namespaces/{NAMESPACE}/secrets/{NAME}")
    if there is not None and not missing(there):
        return
    kept = instance.state / "secrets.json"
    known = there or (json.loads(kept.read_text()) if kept.exists() else None)
    if known is None or missing(known):
        known = completed(known, json.loads(_make()))
    _write(kept, json.dumps(known, indent=2))
    api.apply([known])


def missing(secret: Mapping[str, Any]) -> set[str]:
    """What later versions brought and an older Secret lacks."""
    return {name for name in ADDED if name not in secret.get("data", {})}


def completed(known: Mapping[str, Any] | None, made: Mapping[str, Any]) -> dict[str, Any]:
    """The new secrets, but of an older Secret every value that it has, and no other than it lacks."""
    data = made["data"] if known is None else {n: made["data"][n] for n in ADDED} | known["data"]
    return {**_frame(NAME, NAMESPACE), "data": data}


def opaque(name: str, namespace: str, data: Mapping[str, bytes]) -> dict[str, Any]:
    """A Secret object with these files."""
    encoded = {key: base64.b64encode(value).decode() for key, value in data.items()}
    return {**_frame(name, namespace), "data": encoded}


def _frame(name: str, namespace: str) -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "Secret", "type": "Opaque", "metadata": metadata}


def _make() -> str:
    command = [sys.executable, str(TREE / "manage.py"), "make_secrets"]
    made = subprocess.run(command, cwd=TREE, capture_output=True, text=True, check=False)
    if made.returncode != 0:
        raise ClusterError(f"`{' '.join(command)}` failed:\n{made.stderr.strip()[-2000:]}")
    return made.stdout


def _write(path: Path, text: str) -> None:
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.rename(path)
