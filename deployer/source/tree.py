"""A commit's tree as git lists it, with what must never reach a builder refused."""

from __future__ import annotations

import posixpath
from collections import deque
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import IO, Any

import git
from git.exc import GitError, ODBError

from deployer.errors import Explanation, PermanentError, UserError
from deployer.sentence import Sentence

MAX_FILES = 50_000
MAX_LISTING_BYTES = 32 << 20
# PATH_MAX of Linux without its NUL: nobody can make a link that says more.
MAX_LINK_BYTES = 4095
MAX_LINK_STEPS = 200
LINK, GITLINK = "120000", "160000"


@dataclass(frozen=True)
class Entry:
    """One file of a commit. `mode` is git's ("100644", "100755", "120000", "160000")."""

    path: str
    mode: str
    sha: str
    size_bytes: int


def open_repository(repository: Path, environment: Mapping[str, str]) -> git.Repo:
    """The repository, every git command of it run with `environment` (a push's quarantined objects)."""
    try:
        # GitPython's own object database reads the files under objects/ and so would not see a quarantine.
        opened = git.Repo(repository, odbt=git.GitCmdObjectDB)
    except GitError as error:
        raise unreadable(repository, error) from error
    opened.git.update_environment(**environment)
    return opened


def list_tree(repository: git.Repo, commit: str) -> tuple[Entry, ...]:
    """All files of the commit; UserError for a submodule, a link that leaves the tree or too many files."""
    try:
        listed = _listed(repository, commit)
    except GitError as error:
        raise unreadable(Path(repository.git_dir), error) from error
    entries = tuple(_parse(listed.decode("utf-8", "surrogateescape")))
    for entry in entries:
        if entry.mode == LINK and entry.size_bytes > MAX_LINK_BYTES:
            raise UserError(
                Explanation(
                    "link-too-long",
                    Sentence(
                        "{path} is a symbolic link of {size} bytes: no computer follows it.",
                        path=entry.path,
                        size=entry.size_bytes,
                    ),
                    "",
                    "Replace the link by the file itself.",
                )
            )
        if entry.mode == GITLINK:
            raise UserError(
                Explanation(
                    "submodule",
                    Sentence(
                        "{path} is a git submodule, and Madang does not fetch other repositories.",
                        path=entry.path,
                    ),
                    "",
                    Sentence(
                        "Commit the files themselves: git rm --cached {path}, "
                        "then git add {path}/ (without its .git folder).",
                        path=entry.path,
                    ),
                )
            )
    links = {entry.path: read_blob(repository, entry) for entry in entries if entry.mode == LINK}
    targets = {path: target.decode("utf-8", "surrogateescape") for path, target in links.items()}
    for path, target in targets.items():
        if leaves_tree(path, targets):
            raise UserError(
                Explanation(
                    "link-outside",
                    Sentence(
                        "{path} is a symbolic link to {target}, outside of your project.",
                        path=path,
                        target=target,
                    ),
                    "",
                    "Replace the link by the file itself, or point it at a file of the project.",
                )
            )
    return entries


def read_blob(repository: git.Repo, entry: Entry) -> bytes:
    try:
        content: bytes = repository.odb.stream(bytes.fromhex(entry.sha)).read()
    except (GitError, ODBError, ValueError) as error:
        raise unreadable(Path(repository.git_dir), error) from error
    return content


def printed(process: Any) -> Generator[bytes]:
    """What a git command (GitPython's `as_process`) prints, as it comes; left early, it is ended. Raises
    GitError if it fails.

    Its complaints are read beside it: git complains of each bad line of a .gitattributes, and once their pipe
    is full it waits for a reader for ever.
    """
    kept: deque[bytes] = deque(maxlen=8)
    listener = Thread(target=_keep_last, args=(process.stderr, kept), name="git-complaints", daemon=True)
    listener.start()
    try:
        while chunk := process.stdout.read(1 << 20):
            yield chunk
        listener.join()
        process.wait(stderr=b"".join(kept))
    finally:
        process.kill()
        listener.join()


def _keep_last(stream: IO[bytes], kept: deque[bytes]) -> None:
    kept.extend(iter(lambda: stream.read(4096), b""))


def leaves_tree(link: str, targets: Mapping[str, str]) -> bool:
    """Whether following the link passes above the root, other links on the way followed as the kernel would.

    A plain normpath is not enough: with a/l -> .. the innocent looking a/l/.. is the root's parent. A way
    longer than `MAX_LINK_STEPS` counts as leaving: tens of thousands of such would hold up the git server.
    """
    place: list[str] = posixpath.dirname(link).split("/") if "/" in link else []
    ahead = [link.rsplit("/", 1)[-1]]
    followed = steps = 0
    while ahead:
        steps += 1
        if steps > MAX_LINK_STEPS:
            return True
        step = ahead.pop(0)
        if step in ("", "."):
            continue
        if step == "..":
            if not place:
                return True
            place.pop()
            continue
        here = "/".join([*place, step])
        target = targets.get(here)
        if target is None:
            place.append(step)
            continue
        followed += 1
        if target.startswith("/"):
            return True
        if followed > 40:  # the kernel's own limit (ELOOP): it leads nowhere
            return False
        ahead = target.split("/") + ahead
    return False


def unreadable(repository: Path, error: Exception) -> PermanentError:
    lines: Sequence[str] = str(error).strip().splitlines()
    return PermanentError(
        Explanation(
            "repository-unreadable",
            Sentence("Madang could not read the repository {name}.", name=repository.name),
            "\n".join(lines[-3:]),
            "Your push is not at fault; an operator has to look at the git server.",
        )
    )


def _listed(repository: git.Repo, commit: str) -> bytes:
    """What git lists, read only as far as it may go.

    A tree that names one subtree ten times, which names another ten times, and so on, is a few kilobytes as a
    pack and billions of files as a list.
    """
    process = repository.git.ls_tree("-r", "-l", "-z", "--full-tree", commit, as_process=True)
    listed = bytearray()
    files = 0
    with closing(printed(process)) as chunks:
        for chunk in chunks:
            files += chunk.count(b"\0")
            listed += chunk
            if files > MAX_FILES or len(listed) > MAX_LISTING_BYTES:
                raise UserError(
                    Explanation(
                        "too-many-files",
                        Sentence(
                            "This commit has more than {most} files, or very long names: that is not built.",
                            most=MAX_FILES,
                        ),
                        "",
                        "Leave installed packages and generated files (node_modules, venv) out with "
                        ".gitignore.",
                    )
                )
    return bytes(listed)


def _parse(listed: str) -> Iterator[Entry]:
    for record in listed.split("\0"):
        if not record:
            continue
        meta, path = record.split("\t", 1)
        mode, _, sha, size = meta.split()
        yield Entry(path, mode, sha, int(size) if size.isdigit() else 0)
