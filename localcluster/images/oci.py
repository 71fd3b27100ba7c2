"""OCI images as values: layers in files, a configuration, and the two documents that describe them."""

from __future__ import annotations

import hashlib
import json
import platform
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
_CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
_LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar+gzip"
_EPOCH = "1970-01-01T00:00:00Z"
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


@dataclass(frozen=True)
class Layer:
    """A gzipped tar at `path`; `digest` and `size_bytes` are the file's, `diff_id` is the tar's digest."""

    path: Path
    digest: str
    diff_id: str
    size_bytes: int


@dataclass(frozen=True)
class Image:
    """Immutable: each method gives another image. `config` is the "config" object of the OCI image spec."""

    layers: tuple[Layer, ...] = ()
    config: dict[str, Any] = field(default_factory=dict)

    def with_layer(self, *layers: Layer) -> Image:
        return replace(self, layers=(*self.layers, *layers))

    def with_config(self, **config: Any) -> Image:
        """Later values win; Env is merged by name and keeps its order."""
        merged = {**self.config, **config}
        if "Env" in config:
            pairs = [entry.split("=", 1) for entry in [*self.config.get("Env", []), *config["Env"]]]
            merged["Env"] = [f"{name}={value}" for name, value in {p[0]: p[1] for p in pairs}.items()]
        return replace(self, config=merged)

    @cached_property
    def config_document(self) -> bytes:
        return _document(
            {
                "architecture": architecture(),
                "os": "linux",
                "created": _EPOCH,
                "config": self.config,
                # One entry a layer: buildah refuses an image without.
                "history": [{"created": _EPOCH, "created_by": "madang"} for _ in self.layers],
                "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in self.layers]},
            }
        )

    @cached_property
    def manifest(self) -> bytes:
        config = self.config_document
        return _document(
            {
                "schemaVersion": 2,
                "mediaType": MANIFEST_TYPE,
                "config": {"mediaType": _CONFIG_TYPE, "digest": digest_of(config), "size": len(config)},
                "layers": [
                    {"mediaType": _LAYER_TYPE, "digest": layer.digest, "size": layer.size_bytes}
                    for layer in self.layers
                ],
            }
        )

    @property
    def digest(self) -> str:
        return digest_of(self.manifest)

    @property
    def size_bytes(self) -> int:
        """Packed, without the documents."""
        return sum(layer.size_bytes for layer in self.layers)


def digest_of(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def architecture() -> str:
    """This machine's, by Go's and OCI's name."""
    return _ARCHITECTURES.get(platform.machine(), platform.machine())


def _document(content: dict[str, Any]) -> bytes:
    return json.dumps(content, sort_keys=True).encode()
