"""The commit as one file that a build fetches."""

from __future__ import annotations

import gzip
import hashlib
import os
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import git
from git.exc import GitError

from deployer.errors import Explanation, UserError
from deployer.sentence import Sentence
from deployer.source.tree import Entry, list_tree, open_repository, printed, unreadable

DEFAULT_LIMIT_BYTES = 512 << 20
_ATTRIBUTES = "* -export-subst\n"


@dataclass(frozen=True)
class Archive:
    """A tar.gz on disk. `size_bytes` is the file's, `sha256` its hexadecimal digest."""

    path: Path
    size_bytes: int
    sha256: str


def write_archive(
    repository: Path,
    commit: str,
    target: Path,
    environment: Mapping[str, str] | None = None,
    limit_bytes: int = DEFAULT_LIMIT_BYTES,
) -> Archive:
    """Write the commit's files to `target`, whole or not at all; the same commit gives the same bytes.

    `limit_bytes` is for the files as they lie on disk, unpacked. UserError for a commit that is larger, has a
    submodule or a link out of the tree; PermanentError when git fails.
    """
    opened = open_repository(repository, environment or {})
    part = target.with_name(target.name + ".part")
    try:
        refuse_large(list_tree(opened, commit), limit_bytes)
        _take_literally(Path(opened.git_dir))
        with part.open("wb") as out:
            _pack(opened, commit, out.fileno())
            out.flush()
            os.fsync(out.fileno())
        archive = Archive(target, part.stat().st_size, _sha256(part))
        part.replace(target)
    except GitError as error:
        raise unreadable(repository, error) from error
    finally:
        opened.close()
        part.unlink(missing_ok=True)
    return archive


def refuse_large(entries: tuple[Entry, ...], limit_bytes: int) -> None:
    """UserError, with the largest files by name, when the commit's files are more than `limit_bytes`."""
    total = sum(entry.size_bytes for entry in entries)
    if total <= limit_bytes:
        return
    largest = sorted(entries, key=lambda entry: -entry.size_bytes)[:3]
    raise UserError(
        Explanation(
            "source-too-large",
            Sentence(
                "This commit's files are {size} together; the limit is {limit}.",
                size=megabytes(total),
                limit=megabytes(limit_bytes),
            ),
            "\n".join(f"{megabytes(entry.size_bytes):>10}  {entry.path}" for entry in largest),
            "Take large data out of the repository (git rm --cached FILE), or download it while building.",
        )
    )


def megabytes(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:.1f} MB"


def _take_literally(git_dir: Path) -> None:
    """No file's text is filled in by git: with export-subst, `$Format:%<(16384)%h$` alone becomes 16 KiB, so
    that a small file outgrows every limit and git's memory. This file is above any .gitattributes.
    """
    attributes = git_dir / "info/attributes"
    if attributes.exists() and attributes.read_text() == _ATTRIBUTES:
        return
    attributes.parent.mkdir(exist_ok=True)
    new = attributes.with_name(f"attributes-{uuid4().hex}")
    new.write_text(_ATTRIBUTES)
    new.replace(attributes)


def _pack(repository: git.Repo, commit: str, descriptor: int) -> None:
    # Gzip here and not in git: its own would stamp the time of day into the header (gzip -n is a setting).
    process = repository.git.archive("--format=tar", commit, as_process=True)
    with (
        os.fdopen(os.dup(descriptor), "wb") as out,
        gzip.GzipFile("", "wb", compresslevel=3, fileobj=out, mtime=0) as packed,
        closing(printed(process)) as chunks,
    ):
        for chunk in chunks:
            packed.write(chunk)


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as content:
        while chunk := content.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()
