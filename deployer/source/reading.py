"""Read from a commit what detection wants to know."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import git

from deployer.source.manifest import parse_manifest
from deployer.source.procfile import parse_procfile
from deployer.source.snapshot import Manifest, Snapshot
from deployer.source.tree import LINK, Entry, list_tree, open_repository, read_blob

MAX_FILE_BYTES = 256 << 10
MAX_ALL_BYTES = 4 << 20
MANIFEST_NAMES = ("madang.yaml", "madang.yml")
ROOT_NAMES = frozenset(
    {
        *MANIFEST_NAMES,
        "Dockerfile",
        ".dockerignore",
        "Procfile",
        "package.json",
        "requirements.txt",
        "pyproject.toml",
        "Pipfile",
        "poetry.lock",
        "uv.lock",
        ".python-version",
        "runtime.txt",
        ".nvmrc",
        ".node-version",
        "pom.xml",
        "build.gradle",
        "build.gradle.kts",
        "gradle/wrapper/gradle-wrapper.properties",
        "go.mod",
        ".go-version",
    }
)


def read_snapshot(repository: Path, commit: str, environment: Mapping[str, str] | None = None) -> Snapshot:
    """The commit as detection sees it.

    `environment` may hold git's GIT_OBJECT_DIRECTORY and GIT_ALTERNATE_OBJECT_DIRECTORIES, so that a push can
    be looked at before it is accepted. UserError for a submodule, a link out of the tree, a bad madang.yaml
    or Procfile; PermanentError when the repository cannot be read.
    """
    opened = open_repository(repository, environment or {})
    try:
        entries = list_tree(opened, commit)
        files: dict[str, str] = {}
        total = 0
        for entry in sorted(entries, key=_importance):
            if not is_read(entry) or total + entry.size_bytes > MAX_ALL_BYTES:
                continue
            total += entry.size_bytes
            files[entry.path] = decode(read_blob(opened, entry))
        manifest = _manifest(files)
        if manifest.dockerfile and manifest.dockerfile not in files:
            files.update(_named(opened, entries, manifest.dockerfile))
    finally:
        opened.close()
    return Snapshot(
        commit=commit,
        paths=frozenset(entry.path for entry in entries),
        files=files,
        manifest=manifest,
        procfile=parse_procfile(files["Procfile"]) if "Procfile" in files else {},
    )


def decode(content: bytes) -> str:
    """Text as pip and others take it: UTF-8, or UTF-16 with its mark (PowerShell's `pip freeze > file`)."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    return content.decode("utf-8-sig", "replace")


def is_read(entry: Entry) -> bool:
    """Small files that say how to build, and Python sources up to two folders deep (where the app is)."""
    if entry.mode == LINK or entry.size_bytes > MAX_FILE_BYTES:
        return False
    path = PurePosixPath(entry.path)
    if entry.path in ROOT_NAMES:
        return True
    if path.suffix == ".py":
        return len(path.parts) <= 3
    # Go says with `package main` where a program is.
    return path.suffix == ".go" and (
        len(path.parts) == 1 or (path.parts[0] == "cmd" and len(path.parts) == 3)
    )


def _importance(entry: Entry) -> tuple[int, int, str]:
    """Named files first, then the shallowest, so that a huge tree cannot crowd them out."""
    return (0 if entry.path in ROOT_NAMES else 1, entry.path.count("/"), entry.path)


def _manifest(files: Mapping[str, str]) -> Manifest:
    for name in MANIFEST_NAMES:
        if name in files:
            return parse_manifest(files[name], name)
    return Manifest()


def _named(repository: git.Repo, entries: tuple[Entry, ...], path: str) -> dict[str, str]:
    """The Dockerfile that madang.yaml names, if it is there and small."""
    return {
        entry.path: decode(read_blob(repository, entry))
        for entry in entries
        if entry.path == path and entry.mode != LINK and entry.size_bytes <= MAX_FILE_BYTES
    }
