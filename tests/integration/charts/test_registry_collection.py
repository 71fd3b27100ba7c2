"""The real registry's garbage collection as the chart runs it: what nobody uses goes, the rest is whole."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.integration.apiserver import programs
from tests.integration.charts.conftest import Helm
from tests.integration.charts.test_templates import one
from tests.integration.redis_server import free_port

IMAGE = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"
PATIENCE_SECONDS = 300.0


def digest(blob: bytes) -> str:
    return f"sha256:{hashlib.sha256(blob).hexdigest()}"


def described(kind: str, blob: bytes) -> dict[str, object]:
    return {"mediaType": kind, "digest": digest(blob), "size": len(blob)}


@dataclass
class Client:
    """Pushes and pulls as BuildKit and containerd do."""

    http: httpx.Client

    def image(self, repository: str, tag: str, *layers: bytes) -> str:
        config = json.dumps({"architecture": "amd64", "os": "linux", "of": tag}).encode()
        for blob in (config, *layers):
            self.blob(repository, blob)
        content = {
            "schemaVersion": 2,
            "mediaType": IMAGE,
            "config": described(CONFIG, config),
            "layers": [described(LAYER, layer) for layer in layers],
        }
        return self.manifest(repository, tag, IMAGE, json.dumps(content).encode())

    def blob(self, repository: str, blob: bytes) -> None:
        begun = self.http.post(f"/v2/{repository}/blobs/uploads/")
        place = httpx.URL(begun.headers["Location"]).copy_merge_params({"digest": digest(blob)})
        assert self.http.put(place, content=blob).status_code == 201

    def manifest(self, repository: str, reference: str, kind: str, content: bytes) -> str:
        address = f"/v2/{repository}/manifests/{reference}"
        answer = self.http.put(address, content=content, headers={"Content-Type": kind})
        assert answer.status_code == 201, answer.text
        return str(answer.headers["Docker-Content-Digest"])

    def pull(self, repository: str, reference: str) -> list[str]:
        """The digests of all that the image needs, each fetched and checked."""
        headers = {"Accept": f"{IMAGE}, {INDEX}"}
        answer = self.http.get(f"/v2/{repository}/manifests/{reference}", headers=headers)
        assert answer.status_code == 200, answer.text
        found = answer.json()
        if "manifests" in found:
            return [name for child in found["manifests"] for name in self.pull(repository, child["digest"])]
        needed = [found["config"]["digest"], *(layer["digest"] for layer in found["layers"])]
        for name in needed:
            blob = self.http.get(f"/v2/{repository}/blobs/{name}")
            assert digest(blob.content) == name
        return needed


class Pod:
    """The registry's pod: its init container's script and its program, on one folder."""

    def __init__(self, folder: Path, script: str) -> None:
        self.folder, self.port = folder, free_port()
        self.config = folder / "config.yml"
        self.config.write_text(
            json.dumps(
                {
                    "version": 0.1,
                    "log": {"level": "info", "accesslog": {"disabled": True}},
                    "storage": {
                        "filesystem": {"rootdirectory": str(folder / "data")},
                        "delete": {"enabled": True},
                    },
                    "http": {"addr": f"127.0.0.1:{self.port}"},
                }
            )
        )
        assert "/etc/registry/config.yml" in script
        self.script = script.replace("/etc/registry/config.yml", str(self.config))
        self.environment = {
            "PATH": f"{programs()}:{os.environ['PATH']}",
            "OTEL_TRACES_EXPORTER": "none",
        }

    def collect(self, quiet_until: str) -> str:
        done = subprocess.run(
            ["sh", "-c", self.script],
            env=self.environment | {"QUIET_UNTIL": quiet_until},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    @contextmanager
    def serving(self) -> Iterator[Client]:
        with (self.folder / "log").open("ab") as log:
            command = [str(programs() / "registry"), "serve", str(self.config)]
            process = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log)
        try:
            with httpx.Client(
                base_url=f"http://127.0.0.1:{self.port}", timeout=PATIENCE_SECONDS, trust_env=False
            ) as http:
                deadline = time.monotonic() + PATIENCE_SECONDS
                while not answers(http):
                    assert process.poll() is None, (self.folder / "log").read_text()
                    assert time.monotonic() < deadline
                    time.sleep(0.05)
                yield Client(http)
        finally:
            process.terminate()
            process.wait()

    def blobs(self) -> set[str]:
        found = (self.folder / "data/docker/registry/v2/blobs").glob("sha256/*/*/data")
        return {f"sha256:{path.parent.name}" for path in found}


def answers(http: httpx.Client) -> bool:
    try:
        return http.get("/v2/").status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture
def pod(helm: Helm, tmp_path: Path) -> Pod:
    spec = one(helm.objects({}), "StatefulSet", "registry")["spec"]["template"]["spec"]
    (collect,) = spec["initContainers"]
    assert collect["command"] == ["sh", "-c"]
    (script,) = collect["args"]
    return Pod(tmp_path, script)


def soon() -> str:
    return str(int(time.time()) + 3600)


def test_blobs_of_deleted_images_go_and_living_images_stay_whole(pod: Pod) -> None:
    shared, old, new = b"shared" * 1000, b"old" * 1000, b"new" * 1000
    with pod.serving() as registry:
        gone = registry.image("chess/blog", "build-1", shared, old)
        live = registry.image("chess/blog", "build-2", shared, new)
        needed = set(registry.pull("chess/blog", live))
        assert registry.http.delete(f"/v2/chess/blog/manifests/{gone}").status_code == 202
    before = pod.blobs()
    said = pod.collect(soon())
    assert "blob eligible for deletion: " + digest(old) in said
    assert pod.blobs() == needed | {live}
    assert digest(old) in before - pod.blobs()
    with pod.serving() as registry:
        assert set(registry.pull("chess/blog", live)) == needed
        again = registry.image("chess/blog", "build-3", shared, old)
        assert digest(old) in registry.pull("chess/blog", again)


def test_a_build_cache_that_a_newer_one_replaced_goes(pod: Pod) -> None:
    with pod.serving() as registry:
        registry.image("cache/chess/blog", "cache", b"first")
        registry.image("cache/chess/blog", "cache", b"second")
    pod.collect(soon())
    assert digest(b"first") not in pod.blobs()
    with pod.serving() as registry:
        assert digest(b"second") in registry.pull("cache/chess/blog", "cache")


def test_an_image_of_several_platforms_stays_whole_by_its_one_tag(pod: Pod) -> None:
    with pod.serving() as registry:
        child = registry.image("chess/blog", "child", b"one platform")
        found = registry.http.get(f"/v2/chess/blog/manifests/{child}", headers={"Accept": IMAGE})
        index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [described(IMAGE, found.content)]}
        registry.manifest("chess/blog", "build-1", INDEX, json.dumps(index).encode())
        # The child is known by its digest only.
        registry.image("chess/blog", "child", b"another")
    pod.collect(soon())
    with pod.serving() as registry:
        assert digest(b"one platform") in registry.pull("chess/blog", "build-1")


@pytest.mark.parametrize("quiet_until", ["", "1", "now"])
def test_a_start_at_any_other_time_collects_nothing(pod: Pod, quiet_until: str) -> None:
    with pod.serving() as registry:
        gone = registry.image("chess/blog", "build-1", b"old")
        registry.http.delete(f"/v2/chess/blog/manifests/{gone}")
    before = pod.blobs()
    pod.collect(str(int(time.time())) if quiet_until == "now" else quiet_until)
    assert pod.blobs() == before


def test_a_collection_that_fails_does_not_keep_the_registry_from_serving(pod: Pod) -> None:
    assert "the registry serves all the same" in pod.collect(soon())
    with pod.serving() as registry:
        registry.image("chess/blog", "build-1", b"first of all")
