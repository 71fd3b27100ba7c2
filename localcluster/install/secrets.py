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


def ensure(instance: Instance, api: Api) -> None:
    """The Secret `madang-secrets` exists; one that is there is never changed.

    A copy is written to the state folder first: were only the cluster to know them, losing it would lose
    the key to what PostgreSQL holds encrypted.
    """
    if api.find(f"/api/v1/namespaces/{NAMESPACE}/secrets/{NAME}") is not None:
        return
    kept = instance.state / "secrets.json"
    if not kept.exists():
        _write(kept, _make())
    secret = json.loads(kept.read_text())
    api.apply([{**secret, "metadata": {"name": NAME, "namespace": NAMESPACE}}])


def opaque(name: str, namespace: str, data: Mapping[str, bytes]) -> dict[str, Any]:
    """A Secret object with these files."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "Opaque",
        "metadata": {"name": name, "namespace": namespace},
        "data": {key: base64.b64encode(value).decode() for key, value in data.items()},
    }


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
