"""A worker that is late does nothing over what a newer rollout has written, at whichever step it comes."""

from __future__ import annotations

from typing import Any, cast

import pytest

from deployer.errors import Explanation, PermanentError
from deployer.kube import Conflict, Kube
from deployer.rollout import names, trial
from deployer.rollout.applying import Applying
from tests.unit.deployer.orders import ROLLOUT_SETTINGS, rollout_order


class Objects:
    """As much of a cluster as applying asks: objects that are there, each with its version. `stop_at` is the
    kind at whose next writing the worker dies."""

    def __init__(self) -> None:
        self.items: dict[tuple[str, str], dict[str, Any]] = {}
        self.version = 0
        self.stop_at = ""

    def get(self, kind: str, namespace: str, name: str) -> Any:
        return self.items.get((kind, name))

    def find(self, kind: str, namespace: str, **selectors: Any) -> Any:
        return [item for (of, _), item in self.items.items() if of == kind]

    def apply(self, manifest: dict[str, Any]) -> None:
        key = manifest["kind"], manifest["metadata"]["name"]
        if key[0] == self.stop_at:
            raise KeyboardInterrupt
        # Of an object that is gone the real server compares the uid alone.
        if key in self.items or "uid" in manifest["metadata"]:
            self._compare(key, manifest["metadata"].get("resourceVersion"))
        self.version += 1
        uid = self.items[key]["metadata"]["uid"] if key in self.items else f"uid-{self.version}"
        metadata = {**manifest["metadata"], "resourceVersion": str(self.version), "uid": uid}
        self.items[key] = {**manifest, "metadata": metadata}

    def create(self, manifest: dict[str, Any]) -> dict[str, Any]:
        key = manifest["kind"], manifest["metadata"]["name"]
        if key in self.items:
            raise Conflict(Explanation("changed", "Changed meanwhile.", "", ""))
        self.apply(manifest)
        return self.items[key]

    def delete(self, kind: str, namespace: str, name: str, *, version: str | None = None) -> bool:
        if (kind, name) in self.items:
            self._compare((kind, name), version)
        return self.items.pop((kind, name), None) is not None

    def _compare(self, key: tuple[str, str], read: str | None) -> None:
        """What was read has to be what is there."""
        there = self.items.get(key, {}).get("metadata", {}).get("resourceVersion")
        if read is not None and read != there:
            raise Conflict(Explanation("changed", "Changed meanwhile.", "", ""))

    def serve(self, release: int) -> None:
        labels = {names.RELEASE: str(release)}
        ready = {"conditions": [{"type": "Ready", "status": "True"}]}
        metadata = {"name": f"blog-{release}", "labels": labels}
        self.items["Pod", metadata["name"]] = {"metadata": metadata, "status": ready}

    @property
    def visited(self) -> str | None:
        """The release that alone gets visitors."""
        selector: dict[str, str] = self.items["Service", "blog"]["spec"]["selector"]
        return selector.get(names.RELEASE)


@pytest.mark.parametrize("died_at", ["", "Deployment"])
def test_a_late_worker_does_not_end_a_newer_trial(died_at: str) -> None:
    objects = Objects()
    applying = Applying(cast("Kube", objects), ROLLOUT_SETTINGS)
    applying.apply(rollout_order(release=3, fence=3))
    objects.serve(3)
    late = rollout_order(release=4, fence=4)
    applying.apply(late)
    assert objects.visited == "3"
    objects.stop_at = died_at
    try:
        applying.apply(rollout_order(release=5, fence=5))
    except KeyboardInterrupt:
        assert objects.items["Deployment", "blog"]["metadata"]["annotations"][names.FENCE] == "4"
    objects.stop_at = ""
    for step in (applying.open, applying.apply):
        with pytest.raises(PermanentError) as error:
            step(late)
        assert error.value.explanation.reason == "superseded"
    assert objects.visited == "3"
    assert trial.is_held(objects.items["Deployment", "blog"])
