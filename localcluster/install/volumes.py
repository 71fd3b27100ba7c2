"""The platform's volumes: folders of the host, which outlive pods, nodes and `down`."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localcluster.api import Api
from localcluster.instance import Capacity, Instance

STORAGE_CLASS = "madang-local"


@dataclass(frozen=True)
class Volume:
    """A folder and the user whose pod writes there. `claim` is the StatefulSet's claim for it."""

    claim: str
    user: int
    group: int
    size: str


VOLUMES = {
    # The ids of the image's users: initdb wants a name for its own.
    "postgres": Volume("data-postgres-0", user=999, group=999, size="10Gi"),
    "git": Volume("data-git-0", user=10001, group=10001, size="20Gi"),
    "registry": Volume("data-registry-0", user=10001, group=10001, size="40Gi"),
}


def ensure(instance: Instance) -> list[dict[str, Any]]:
    """Make the folders (the pods' own, closed to others); returns the PersistentVolumes for them."""
    for name, volume in VOLUMES.items():
        _ensure_folder(instance.volumes / name, volume)
    return [_persistent_volume(instance, name, volume) for name, volume in VOLUMES.items()]


def free(api: Api) -> None:
    """Offer those again whose claim was deleted; the folder, and what is in it, stays as it is.

    Kubernetes keeps such a volume (`Released`) from every later claim, be it of the same name: the claim
    written into it carries the identity of the deleted one. Without that the next of the name is bound.
    """
    for name in VOLUMES:
        path = f"/api/v1/persistentvolumes/madang-{name}"
        volume = api.get(path)
        if volume.get("status", {}).get("phase") == "Released":
            # With the version that was seen: what was bound meanwhile must not be torn off.
            seen = {"resourceVersion": volume["metadata"]["resourceVersion"]}
            api.merge(path, {"metadata": seen, "spec": {"claimRef": {"uid": None, "resourceVersion": None}}})


def _ensure_folder(folder: Path, volume: Volume) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    status = folder.stat()
    if (status.st_uid, status.st_gid) != (volume.user, volume.group):
        os.chown(folder, volume.user, volume.group)
        folder.chmod(0o700)


def _persistent_volume(instance: Instance, name: str, volume: Volume) -> dict[str, Any]:
    # All on the first node that stays: the folders are this computer's, but only one node may serve them.
    node = next(node.name for node in instance.nodes if node.capacity is Capacity.ON_DEMAND)
    here = {"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": f"madang-{name}"},
        "spec": {
            "capacity": {"storage": volume.size},
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": STORAGE_CLASS,
            "persistentVolumeReclaimPolicy": "Retain",
            "claimRef": {"namespace": "madang", "name": volume.claim},
            "local": {"path": str(instance.volumes / name)},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [here]}]}},
        },
    }
