import hashlib
import json
from pathlib import Path

import httpx
import pytest

from localcluster.errors import ClusterError
from localcluster.images.layer import Text, pack
from localcluster.images.oci import MANIFEST_TYPE, Image, digest_of
from localcluster.images.registry import Registry
from tests.integration.localcluster.images.conftest import PATIENCE_SECONDS


@pytest.fixture
def image(tmp_path: Path) -> Image:
    layers = (pack(tmp_path, {"/one": Text(b"1" * 3_000_000)}), pack(tmp_path, {"/two": Text(b"2")}))
    return Image(layers).with_config(Cmd=["/one"])


def _manifest(registry: str, reference: str) -> httpx.Response:
    return httpx.get(
        f"http://{registry}/v2/madang/demo/manifests/{reference}",
        headers={"Accept": MANIFEST_TYPE},
        trust_env=False,
        timeout=PATIENCE_SECONDS,
    )


def test_what_is_pushed_can_be_pulled_by_tag_and_by_digest(registry: str, image: Image) -> None:
    digest = Registry(registry).push(image, "madang/demo", ["1", "latest"])
    for reference in ("1", "latest", digest):
        assert digest_of(_manifest(registry, reference).content) == image.digest == digest


def test_every_blob_that_the_manifest_names_is_there_whole(registry: str, image: Image) -> None:
    Registry(registry).push(image, "madang/demo", ["1"])
    manifest = json.loads(_manifest(registry, "1").content)
    for blob in [manifest["config"], *manifest["layers"]]:
        address = f"http://{registry}/v2/madang/demo/blobs/{blob['digest']}"
        content = httpx.get(address, trust_env=False, timeout=PATIENCE_SECONDS).content
        assert len(content) == blob["size"]
        assert f"sha256:{hashlib.sha256(content).hexdigest()}" == blob["digest"]


def test_a_known_image_is_not_sent_again(registry: str, image: Image) -> None:
    Registry(registry).push(image, "madang/demo", ["1"])
    for layer in image.layers:
        layer.path.unlink()  # sending one would fail
    assert Registry(registry).push(image, "madang/demo", ["1"]) == image.digest


def test_a_tag_moves_to_the_image_that_was_pushed_last(registry: str, image: Image) -> None:
    Registry(registry).push(image, "madang/demo", ["latest"])
    newer = image.with_config(Cmd=["/two"])
    Registry(registry).push(newer, "madang/demo", ["latest"])
    assert digest_of(_manifest(registry, "latest").content) == newer.digest


def test_a_mirror_that_is_not_there_is_named(image: Image) -> None:
    with pytest.raises(ClusterError, match=r"127\.0\.0\.1:9 does not answer"):
        Registry("127.0.0.1:9").push(image, "madang/demo", ["1"])
