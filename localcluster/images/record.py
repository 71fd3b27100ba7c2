"""Tells later what was in an image that was made here: cache/images/records/NAME.json."""

import json
import re
import subprocess
from pathlib import Path

from localcluster.images.oci import Image
from localcluster.images.store import Store


def write_record(store: Store, name: str, image: Image) -> None:
    """Layers, configuration, and the versions of the Debian packages and Python distributions inside."""
    path = store.root / "records" / f"{name}.json"
    if path.exists() and json.loads(path.read_text())["digest"] == image.digest:
        return
    record = {
        "digest": image.digest,
        "packed_bytes": image.size_bytes,
        "config": image.config,
        "layers": [{"digest": layer.digest, "bytes": layer.size_bytes} for layer in image.layers],
        "debian_packages": _debian_packages(image),
        "python_distributions": _python_distributions(image),
    }
    path.parent.mkdir(exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(record, indent=1))
    fresh.replace(path)


def _debian_packages(image: Image) -> dict[str, str]:
    for layer in reversed(image.layers):
        command: list[str | Path] = ["tar", "-xzOf", layer.path, "var/lib/dpkg/status"]
        answer = subprocess.run(command, capture_output=True, text=True)
        if answer.returncode == 0:
            stanzas = (
                dict(re.findall(r"^(Package|Version): (.*)$", s, re.M)) for s in answer.stdout.split("\n\n")
            )
            return {stanza["Package"]: stanza["Version"] for stanza in stanzas if "Version" in stanza}
    return {}


def _python_distributions(image: Image) -> dict[str, str]:
    found: dict[str, str] = {}
    for layer in image.layers:
        listing = subprocess.run(["tar", "-tzf", layer.path], capture_output=True, text=True).stdout
        found |= re.findall(r"site-packages/([^/]+)-([^-/]+)\.dist-info/METADATA$", listing, re.M)
    return dict(sorted(found.items()))
