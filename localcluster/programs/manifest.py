"""What a folder of programs should hold, so that damage is seen before a cluster is started from it."""

import hashlib
import json
from pathlib import Path

from localcluster.programs.recipe import PROGRAMS

_FILE = "manifest.json"


def write(folder: Path) -> None:
    """Record the programs in `folder`/bin."""
    entries = {path.name: _describe(path) for path in sorted((folder / "bin").iterdir())}
    (folder / _FILE).write_text(json.dumps(entries, indent=1))


def is_whole(folder: Path) -> bool:
    """Whether every program is there as it was written. Reads a program only if its time has changed."""
    try:
        entries = json.loads((folder / _FILE).read_text())
        if set(entries) != set(PROGRAMS):
            return False
        return all(_matches(folder / "bin" / name, entry) for name, entry in entries.items())
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _describe(path: Path) -> dict[str, str | int]:
    if path.is_symlink():
        return {"link": str(path.readlink())}
    status = path.stat()
    return {"bytes": status.st_size, "modified_ns": status.st_mtime_ns, "sha256": _hash(path)}


def _matches(path: Path, entry: dict[str, str | int]) -> bool:
    if "link" in entry:
        return path.is_symlink() and str(path.readlink()) == entry["link"] and path.exists()
    status = path.stat()
    if path.is_symlink() or status.st_size != entry["bytes"] or not status.st_mode & 0o100:
        return False
    return status.st_mtime_ns == entry["modified_ns"] or _hash(path) == entry["sha256"]


def _hash(path: Path) -> str:
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()
