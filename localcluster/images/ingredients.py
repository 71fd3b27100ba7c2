"""What the platform's images are made from, and the small layers that several of them share."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from localcluster.errors import ClusterError
from localcluster.images.debian import debian
from localcluster.images.layer import Folder, pack
from localcluster.images.oci import Layer
from localcluster.images.python_packages import Files, wheel
from localcluster.images.store import HostFile, Store

_CERTIFICATES = "etc/ssl/certs/ca-certificates.crt"


@dataclass(frozen=True)
class Ingredients:
    """The compiled programs' folder and the project's working tree."""

    store: Store
    programs: Path
    tree: Path

    @cached_property
    def wheel(self) -> Files:
        """Of the working tree, built once for all images."""
        return wheel(self.store, self.tree)

    def program(self, name: str) -> Path:
        path = (self.programs / name).resolve()
        if not path.exists():
            raise ClusterError(
                f"The program {name} is missing in {self.programs}: compile the programs first."
            )
        return path

    def executables(self, folder: str, files: Mapping[str, Path]) -> Layer:
        """A layer of programs and scripts of this machine, by name, in a folder of the image."""
        placed = tuple((f"{folder}/{name}", HostFile(path)) for name, path in sorted(files.items()))
        return self.store.layer(host_files, placed, 0o755)

    def folders(self, **owners: int) -> Layer:
        """Empty folders: `var_lib_registry=10001` is /var/lib/registry of that user and group."""
        placed = tuple((f"/{name.replace('_', '/')}", owner) for name, owner in owners.items())
        return self.store.layer(empty_folders, placed)

    def certificates(self) -> Layer:
        """Debian's CA bundle, for an image that has nothing else."""
        bundle = self.store.tree(debian(self.store).layers[0]) / _CERTIFICATES
        return self.store.layer(host_files, ((f"/{_CERTIFICATES}", HostFile(bundle)),), 0o644)


def host_files(store: Store, files: tuple[tuple[str, HostFile], ...], mode: int) -> Layer:
    return pack(store.blobs, {target: file.path for target, file in files}, mode=mode)


def empty_folders(store: Store, owned: tuple[tuple[str, int], ...]) -> Layer:
    return pack(store.blobs, {path: Folder(0o755, owner) for path, owner in owned})
