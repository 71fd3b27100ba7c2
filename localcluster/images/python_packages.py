"""Python packages as layers: those that uv.lock pins, and the project's own."""

import shutil
import zipfile
from fnmatch import fnmatchcase
from pathlib import Path

from localcluster.errors import ClusterError
from localcluster.images.languages import COMPILE
from localcluster.images.layer import pack
from localcluster.images.oci import Layer
from localcluster.images.overlay import within
from localcluster.images.store import Store, run

PYTHON = "3.12"

Files = tuple[tuple[str, bytes], ...]
"""(name, content) of each file."""

_SITE = f"/usr/local/lib/python{PYTHON}/site-packages"


def locked(store: Store, tree: Path, *options: str) -> str:
    """uv.lock as pip reads it, exact versions with hashes, of what uv export's options choose.

    The project's own packages are left out. Raises ClusterError.
    """
    command: list[str | Path] = [_uv(store), "export", "--quiet", "--frozen", "--no-header"]
    command += ["--no-emit-workspace", "--no-annotate", "--package", "madang", "--project", tree, *options]
    return run(command, "read uv.lock", cwd=tree)


def wheel(store: Store, tree: Path) -> Files:
    """What a real wheel of the tree holds. Raises ClusterError."""
    with store.scratch() as work:
        run([_uv(store), "build", "--quiet", "--wheel", "--out-dir", work, tree], "build the project's wheel")
        with zipfile.ZipFile(next(work.glob("*.whl"))) as built:
            names = sorted(info.filename for info in built.infolist() if not info.is_dir())
            return tuple((name, built.read(name)) for name in names)


def chosen(files: Files, *patterns: str) -> Files:
    """Those whose name one of the patterns matches; `*` matches slashes too."""
    return tuple((name, data) for name, data in files if any(fnmatchcase(name, one) for one in patterns))


def dependencies(store: Store, below: tuple[Layer, ...], requirements: str, python: str) -> Layer:
    with store.scratch() as work:
        listed, target = work / "requirements.txt", work / "target"
        listed.write_text(requirements)
        command: list[str | Path] = [_uv(store), "pip", "install", "--quiet", "--no-deps", "--require-hashes"]
        command += ["--only-binary=:all:", "--python-version", python, "--python-platform", "linux"]
        command += ["--link-mode=copy", "--target", target, "-r", listed]
        run(command, "fetch the project's dependencies")
        programs = target / "bin"
        for script in programs.iterdir() if programs.exists() else ():
            _point_to_python(script, python)
        with store.scratch() as scratch:
            compiling = f"{COMPILE} -s /mnt -p {_SITE} /mnt || true"  # some packages ship templates named .py
            within(store, scratch, below, compiling, "compile the dependencies", mounts={"/mnt": target})
        shutil.move(programs, work / "bin")
        return pack(store.blobs, {_SITE: target, "/usr/local/bin": work / "bin"})


def own_packages(
    store: Store,
    below: tuple[Layer, ...],
    files: Files,
    script: str = "",
    environment: tuple[tuple[str, str], ...] = (),
) -> Layer:
    """The files compiled, and what the script, which may import them, leaves outside of /tmp."""
    with store.scratch() as work, store.scratch() as scratch:
        for name, data in files:
            path = work / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        upper = within(
            store,
            scratch,
            below,
            f"{COMPILE} -s /mnt -p {_SITE} /mnt\n{script}",
            "compile the project",
            mounts={"/mnt": work},
            environment={"PYTHONPATH": "/mnt", **dict(environment)},
        )
        left = {f"/{path.name}": path for path in upper.iterdir()}
        return pack(store.blobs, {**left, _SITE: work})


def _point_to_python(script: Path, python: str) -> None:
    data = script.read_bytes()
    first, _, rest = data.partition(b"\n")
    if first.startswith(b"#!") and b"python" in first:
        script.write_bytes(f"#!/usr/local/bin/python{python}\n".encode() + rest)


def _uv(store: Store) -> str:
    """The machine's uv, or the one that bin/setup put into the cache."""
    if found := shutil.which("uv"):
        return found
    kept = sorted(store.root.parent.glob("uv-*/bin/uv"))
    if not kept:
        raise ClusterError("uv is missing: run bin/setup, which puts it into the cache.")
    return str(kept[-1])
