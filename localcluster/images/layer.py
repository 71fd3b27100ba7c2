"""Writes layers: the same files give the same bytes, whoever packs them and when."""

import gzip
import hashlib
import io
import os
import shutil
import stat
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from localcluster.images.oci import Layer

_WHITEOUT = ".wh."


@dataclass(frozen=True)
class Link:
    """A symbolic link in the image."""

    target: str


@dataclass(frozen=True)
class Text:
    """A small file in the image, given by its content."""

    content: bytes
    mode: int = 0o644


@dataclass(frozen=True)
class Folder:
    """An empty folder in the image."""

    mode: int = 0o755
    owner: int = 0


Entry = Path | Link | Text | Folder


def pack(
    blobs: Path, entries: Mapping[str, Entry], *, mode: int | None = None, owners: bool = False
) -> Layer:
    """A layer of `entries`: each name is a path in the image, a host Path may be a file or a whole folder.

    Everything belongs to root unless `owners` keeps the host's; `mode` overrides that of regular host files.
    An overlay's whiteouts become OCI's.
    """
    flat = dict(_flat(entries))

    def fill(out: IO[bytes]) -> None:
        with tarfile.open(fileobj=out, mode="w|", format=tarfile.PAX_FORMAT) as tar:
            for name in sorted(flat):
                _add(tar, name, flat[name], mode, owners)

    return _write(blobs, fill)


def pack_tar(blobs: Path, tar: Path) -> Layer:
    """A layer of a tar that another program made."""
    with tar.open("rb") as source:
        return _write(blobs, lambda out: shutil.copyfileobj(source, out, 1 << 20))


def _flat(entries: Mapping[str, Entry]) -> Iterator[tuple[str, Entry]]:
    """Every file by itself, and the folders above it, so that those exist with sane modes."""
    given: dict[str, Entry] = {}
    for target, source in entries.items():
        inside = PurePosixPath(target.strip("/"))
        given[str(inside)] = source
        if isinstance(source, Path):
            given.update((str(inside / found.relative_to(source)), found) for found in _walk(source))
    for name in list(given):
        for parent in PurePosixPath(name).parents:
            if str(parent) != ".":
                given.setdefault(str(parent), Folder())
    given.pop(".", None)
    yield from given.items()


def _walk(root: Path) -> Iterator[Path]:
    if not root.is_dir() or root.is_symlink():
        return
    for folder, folders, names in os.walk(root):
        for name in (*folders, *names):
            yield Path(folder) / name


def _add(tar: tarfile.TarFile, name: str, entry: Entry, mode: int | None, owners: bool) -> None:
    info = tarfile.TarInfo(name)
    match entry:
        case Link(target):
            info.type, info.linkname, info.mode = tarfile.SYMTYPE, target, 0o777
            tar.addfile(info)
        case Text(content, file_mode):
            info.size, info.mode = len(content), file_mode
            tar.addfile(info, io.BytesIO(content))
        case Folder(folder_mode, owner):
            info.type, info.mode, info.uid, info.gid = tarfile.DIRTYPE, folder_mode, owner, owner
            tar.addfile(info)
        case Path():
            _add_file(tar, name, entry, mode, owners)


def _add_file(tar: tarfile.TarFile, name: str, source: Path, mode: int | None, owners: bool) -> None:
    status = source.lstat()
    if stat.S_ISCHR(status.st_mode) and status.st_rdev == 0:  # deleted in an overlay's upper folder
        path = PurePosixPath(name)
        tar.addfile(tarfile.TarInfo(str(path.with_name(_WHITEOUT + path.name))))
        return
    info = tar.gettarinfo(source, name)
    if not owners:
        info.uid = info.gid = 0
    info.uname = info.gname = ""
    info.mtime = 0
    if info.issym():
        info.mode = 0o777
    elif mode is not None and info.isreg():
        info.mode = mode
    if info.isreg():
        with source.open("rb") as data:
            tar.addfile(info, data)
    else:
        tar.addfile(info)


class _Hashing(io.RawIOBase):
    """Hashes and counts what is written through it."""

    def __init__(self, below: IO[bytes]) -> None:
        self._below, self.hash, self.written = below, hashlib.sha256(), 0

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self.hash.update(data)
        self.written += len(data)
        return self._below.write(data)


def _write(blobs: Path, fill: Callable[[IO[bytes]], object]) -> Layer:
    """`fill` writes the tar, which is hashed before and after gzip in one pass; the file is named last."""
    blobs.mkdir(parents=True, exist_ok=True)
    handle, unnamed = tempfile.mkstemp(dir=blobs, prefix="new-")
    try:
        with os.fdopen(handle, "wb") as raw:
            outer = _Hashing(raw)
            with gzip.GzipFile(fileobj=outer, mode="wb", compresslevel=1, mtime=0, filename="") as packed:
                inner = _Hashing(packed)  # type: ignore[arg-type]
                fill(inner)  # type: ignore[arg-type]
        digest = outer.hash.hexdigest()
        path = blobs / digest
        Path(unnamed).replace(path)
    except BaseException:
        Path(unnamed).unlink(missing_ok=True)
        raise
    return Layer(path, f"sha256:{digest}", f"sha256:{inner.hash.hexdigest()}", outer.written)
