import hashlib
import json
from pathlib import Path

import httpx
import pytest

from localcluster.errors import ClusterError
from localcluster.images import keeping
from localcluster.images.layer import Text, pack
from localcluster.images.oci import MANIFEST_TYPE, Image, digest_of
from localcluster.images.registry import Registry
from localcluster.programs import note_user, store_of
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


def test_an_image_that_no_cluster_needs_leaves_the_mirror_with_its_files(
    registry: str, program_folder: Path, image: Image, tmp_path: Path
) -> None:
    mirror, cache, state = Registry(registry), tmp_path / "cache", tmp_path / "state"
    newer = image.with_config(Cmd=["/two"]).with_layer(pack(tmp_path, {"/three": Text(b"3")}))
    for pushed in (image, newer):
        mirror.push(pushed, "madang/demo", [keeping.tag(pushed.digest)])
    state.mkdir()
    (state / "bin").symlink_to(program_folder)
    note_user(store_of(cache), state / "bin")
    keeping.keep(cache, state, [f"docker.io/madang/demo@{newer.digest}"])
    collect = (str(program_folder / "registry"), "garbage-collect", "--delete-untagged")
    for _ in range(2):
        keeping.forget_old(
            cache, registry, tmp_path / "storage", (*collect, str(tmp_path / "registry.json")), print
        )
    assert _manifest(registry, newer.digest).status_code == 200
    assert _manifest(registry, image.digest).status_code == 404
    blobs = {path.parent.name for path in (tmp_path / "storage").glob("docker/registry/v2/blobs/*/*/*/data")}
    wanted = {newer.digest, digest_of(newer.config_document), *(layer.digest for layer in newer.layers)}
    assert blobs == {digest.removeprefix("sha256:") for digest in wanted}
    assert mirror.push(image, "madang/demo", [keeping.tag(image.digest)]) == image.digest
    assert _manifest(registry, image.digest).status_code == 200


def test_a_mirror_that_is_not_there_is_named(image: Image) -> None:
    with pytest.raises(ClusterError, match=r"127\.0\.0\.1:9 does not answer"):
        Registry("127.0.0.1:9").push(image, "madang/demo", ["1"])
