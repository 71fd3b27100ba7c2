"""Which compilations stay in the cache: the newest, and whatever a cluster, running or stopped, starts from.

A cluster's own link to its programs is the truth. The cache only notes where such links are, so a cluster
that was destroyed or went on to other programs keeps nothing.
"""

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

NEWEST = 3
"""So many stay although nobody uses them, so that switching between branches compiles nothing."""
_NOTES = "users"


def note_user(store: Path, link: Path) -> None:
    """Remember that `link`, a cluster's `bin`, may point to one of the store's compilations."""
    note = store / _NOTES / hashlib.sha256(bytes(link)).hexdigest()[:16]
    if note.is_symlink():
        return
    note.parent.mkdir(parents=True, exist_ok=True)
    fresh = note.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(link)
    fresh.rename(note)


def forget_old(store: Path) -> None:
    """Delete what is neither used nor among the newest. To be called with the lock of the store held."""
    compilations = [folder.parent for folder in store.glob("*/bin")]
    newest = sorted(compilations, key=lambda folder: folder.stat().st_mtime, reverse=True)[:NEWEST]
    used = _used(store)
    for folder in compilations:
        if folder not in newest and folder not in used:
            shutil.rmtree(folder)


def users(store: Path) -> Iterator[Path]:
    """The `bin` of every cluster that was brought up from this cache and not destroyed."""
    for note in (store / _NOTES).glob("*"):
        link = note.readlink()
        if link.is_symlink():
            yield link
        else:
            note.unlink()  # that cluster was destroyed


def _used(store: Path) -> set[Path]:
    return {link.readlink().parent for link in users(store)}
