"""Tells later what was in an image that was made here: cache/images/records/NAME.json."""

import json
import re
import tarfile
from pathlib import Path
from typing import Any

from localcluster.images.oci import Image, Layer
from localcluster.images.store import Store, write_whole

_DPKG = "var/lib/dpkg/status"
_DISTRIBUTION = re.compile(r"site-packages/([^/]+)-([^-/]+)\.dist-info/METADATA$")


def write_record(store: Store, name: str, image: Image) -> None:
    """Layers, configuration, and the versions of the Debian packages and Python distributions inside."""
    path = store.root / "records" / f"{name}.json"
    if path.exists() and json.loads(path.read_text())["digest"] == image.digest:
        return
    packages: dict[str, str] = {}
    distributions: dict[str, str] = {}
    for layer in image.layers:
        facts = _facts(store, layer)
        packages = facts["debian"] or packages  # an upper layer has the whole list again
        distributions |= facts["python"]
    record = {
        "digest": image.digest,
        "packed_bytes": image.size_bytes,
        "config": image.config,
        "layers": [{"digest": layer.digest, "bytes": layer.size_bytes} for layer in image.layers],
        "debian_packages": packages,
        "python_distributions": distributions,
    }
    _write(path, record)


def _facts(store: Store, layer: Layer) -> dict[str, dict[str, str]]:
    """What one layer brings; read once, since that unpacks it."""
    path = store.root / "records" / "layers" / f"{layer.digest.removeprefix('sha256:')}.json"
    if path.exists():
        known: dict[str, dict[str, str]] = json.loads(path.read_text())
        return known
    facts: dict[str, dict[str, str]] = {"debian": {}, "python": {}}
    with tarfile.open(layer.path, "r|gz") as tar:
        for member in tar:
            if member.name == _DPKG and (file := tar.extractfile(member)):
                facts["debian"] = debian_packages(file.read().decode())
            elif found := _DISTRIBUTION.search(member.name):
                facts["python"][found[1]] = found[2]
    _write(path, facts)
    return facts


def debian_packages(status: str) -> dict[str, str]:
    """Installed packages and their versions, from dpkg's status file."""
    found: dict[str, str] = {}
    for stanza in status.split("\n\n"):
        fields = dict(re.findall(r"^(Package|Status|Version): (.*)$", stanza, re.MULTILINE))
        if fields.get("Status", "").endswith(" installed"):
            found[fields["Package"]] = fields["Version"]
    return found


def _write(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, json.dumps(content, indent=1))
