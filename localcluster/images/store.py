"""Layers that were made before, found again by what they were made from."""

import ast
import fcntl
import hashlib
import inspect
import json
import os
import shutil
import subprocess
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from localcluster.errors import ClusterError
from localcluster.images.oci import Layer
from localcluster.lock import held
from localcluster.report import Report

_ABANDONED_SECONDS = 3600  # a blob that nobody has written to for so long


@dataclass(frozen=True, repr=False)
class HostFile:
    """A file on this machine as an input of a layer: it counts by its content, wherever it is."""

    path: Path

    def __repr__(self) -> str:
        with self.path.open("rb") as source:
            return f"HostFile({hashlib.file_digest(source, 'sha256').hexdigest()})"


@dataclass(frozen=True)
class Store:
    """The folder `root` of the cache. Several processes may use one store at once."""

    root: Path
    report: Report

    @property
    def blobs(self) -> Path:
        return self.root / "blobs"

    def layer(self, make: Callable[..., Layer], *inputs: Any) -> Layer:
        """What `make(store, *inputs)` gives, remembered by its source and its inputs.

        Inputs are anything with a telling repr; layers among them count by their digest.
        """
        key = self._key(make, inputs)
        note = self.root / "layers" / f"{key}.json"
        if (known := self._known(note)) is not None:
            return known
        with held(self.root / "locks" / key):
            if (known := self._known(note)) is not None:  # made while we waited
                return known
            began = time.monotonic()
            layer = make(self, *inputs)
            note.parent.mkdir(parents=True, exist_ok=True)
            write_whole(
                note, json.dumps({**asdict(layer), "path": layer.path.name, "make": make.__name__}, indent=1)
            )
            seconds = time.monotonic() - began
            if seconds > 2:
                what = make.__name__.strip("_").replace("_", " ")
                self.report(f"{what}: {seconds:.0f} s, {layer.size_bytes / 1e6:.0f} MB packed")
            return layer

    def tree(self, layer: Layer) -> Path:
        """The layer unpacked, to look into or to lay others over; never write to it."""
        folder = self.root / "trees" / layer.digest.removeprefix("sha256:")[:16]
        with held(self.root / "locks" / f"tree-{folder.name}"):
            if not folder.exists():
                fresh = folder.with_name(f"{folder.name}.new")
                shutil.rmtree(fresh, ignore_errors=True)
                fresh.mkdir(parents=True)
                subprocess.run(["tar", "-C", fresh, "--numeric-owner", "-xzpf", layer.path], check=True)
                fresh.rename(folder)
        return folder

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """A folder of one's own, gone at the end, and after a crash with the next `open_store`."""
        work = self.root / "work"
        work.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            with held(self.root / "work.lock"):
                made = TemporaryDirectory(dir=work)
                folder = Path(made.name)
                in_use = os.open(folder, os.O_RDONLY)
                # Ours until it is gone: nobody is to tidy it up while it is removed.
                stack.callback(os.close, in_use)
                stack.callback(made.cleanup)
                fcntl.flock(in_use, fcntl.LOCK_SH)
            folder.chmod(0o755)
            yield folder

    def tidy(self) -> None:
        """Remove what killed processes left half done."""
        with held(self.root / "work.lock"):
            for folder in (self.root / "work").glob("*"):
                with suppress(FileNotFoundError):  # its owner has just removed it
                    _remove_unowned(folder)
        for blob in self.blobs.glob("new-*"):
            with suppress(FileNotFoundError):  # another process tidies too, or has just named it
                if time.time() - blob.stat().st_mtime > _ABANDONED_SECONDS:
                    blob.unlink()

    def _key(self, make: Callable[..., Layer], inputs: tuple[Any, ...]) -> str:
        # Without its comments and layout: those change nothing in a layer.
        source = ast.unparse(ast.parse(textwrap.dedent(inspect.getsource(make))))
        parts = [source, *(repr(_told(value)) for value in inputs)]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]

    def _known(self, note: Path) -> Layer | None:
        """The layer of a note, if its blob is whole: a half-written one has another size."""
        try:
            saved = json.loads(note.read_text())
            path = self.blobs / saved["path"]
            if path.stat().st_size != saved["size_bytes"]:
                return None
            return Layer(path, saved["digest"], saved["diff_id"], saved["size_bytes"])
        except (OSError, ValueError, KeyError, TypeError):
            return None


def open_store(cache: Path, report: Report) -> Store:
    """The images' part of the cache."""
    root = cache / "images"
    root.mkdir(parents=True, exist_ok=True)
    store = Store(root, report)
    store.tidy()
    return store


def run(command: list[str | Path], purpose: str, *, end: str = "TERM", **options: Any) -> str:
    """Output of a program, which does not outlive us: the signal `end` ends it when we are killed.

    Raises ClusterError that tells the purpose and what the program said last.
    """
    if not shutil.which(command[0]):
        raise ClusterError(
            f"Could not {purpose}: the program {command[0]} is missing. Run bin/setup, which installs it."
        )
    tied = ["setpriv", "--pdeathsig", end, *command]
    answer = subprocess.run(tied, text=True, capture_output=True, **options)
    if answer.returncode != 0:
        said = "\n".join((answer.stdout + answer.stderr).strip().splitlines()[-15:])
        raise ClusterError(f"Could not {purpose}; {command[0]} ended with {answer.returncode}:\n{said}")
    return str(answer.stdout).strip()


def _remove_unowned(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder)
    except BlockingIOError:
        pass  # its owner lives
    finally:
        os.close(descriptor)


def _told(value: Any) -> Any:
    if isinstance(value, Layer):
        return value.digest
    if isinstance(value, tuple):
        return tuple(_told(item) for item in value)
    return value


def write_whole(path: Path, text: str) -> None:
    """Never half there; another cluster of the same cache may write the same at the same time."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    fresh.write_text(text)
    fresh.replace(path)
