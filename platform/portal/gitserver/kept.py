"""The objects of accepted pushes, kept until their branch is settled.

receive-pack holds them in a quarantine that dies with it. Hard links to the quarantine's files cost
nothing, and with them a push whose git server died can still be finished when its build is live.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path


def beside(archive: Path) -> Path:
    """Where the objects of the push with this archive are kept."""
    return archive.with_name(archive.name.removesuffix(".tar.gz") + ".objects")


def keep(quarantine: Path, kept: Path) -> None:
    """Link all object files of `quarantine` into `kept`, whole or not at all. Both are on one volume."""
    new = kept.with_name(kept.name + ".part")
    _link_tree(quarantine, new)
    new.rename(kept)


def restore(kept: Path, objects: Path) -> None:
    """Put kept objects into a repository's `objects` folder; those that are there already stay."""
    if kept.is_dir():
        _link_tree(kept, objects)


def drop(kept: Path) -> None:
    shutil.rmtree(kept, ignore_errors=True)


def _link_tree(source: Path, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    # A pack's index last: git looks for *.idx and then expects the pack to be whole.
    files = [Path(folder, name) for folder, _, names in os.walk(source) for name in names]
    for path in sorted(files, key=lambda file: file.suffix == ".idx"):
        # .keep belongs to the receive-pack that wrote it; nothing else is a link or special here.
        if path.suffix == ".keep" or path.is_symlink():
            continue
        place = target / path.relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        if not place.exists():
            os.link(path, place)
