"""The git repository of the current folder, and git's own settings."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from madang.address import ProjectAddress, parse_remote
from madang.problem import Problem

REMOTE = "madang"


def inside_repository() -> bool:
    return _git(["rev-parse", "--git-dir"], check=False).returncode == 0


def top_folder() -> Path:
    return Path(_git(["rev-parse", "--show-toplevel"]).stdout.strip())


def remotes() -> dict[str, str]:
    """Name and address of each remote; empty outside a repository."""
    listed = _git(["config", "--get-regexp", r"^remote\..*\.url$"], check=False).stdout
    pairs = (line.split(" ", 1) for line in listed.splitlines() if " " in line)
    return {name.removeprefix("remote.").removesuffix(".url"): url for name, url in pairs}


def project_of_folder(git_urls: Sequence[str]) -> ProjectAddress | None:
    """The project that the folder is pushed to: the remote `madang` first, then any on one of git_urls."""
    found = remotes()
    for name in sorted(found, key=lambda name: name != REMOTE):
        address = parse_remote(found[name])
        if address is not None and (name == REMOTE or address.git_url in git_urls):
            return address
    return None


def set_remote(url: str) -> None:
    verb = "set-url" if REMOTE in remotes() else "add"
    _git(["remote", verb, REMOTE, url])


def current_branch() -> str | None:
    """The branch's name, also before its first commit; None when detached."""
    return _git(["symbolic-ref", "--quiet", "--short", "HEAD"], check=False).stdout.strip() or None


def has_commit() -> bool:
    return _git(["rev-parse", "--verify", "--quiet", "HEAD"], check=False).returncode == 0


def use_credential_helper(git_url: str, command: str) -> None:
    """Makes git ask `command` (and no other helper) for the keys of git_url, repository by repository."""
    name = f"credential.{git_url}"
    # The empty value clears helpers set for all hosts, so that no keychain keeps a copy of the key.
    _git(["config", "--global", "--replace-all", f"{name}.helper", ""])
    _git(["config", "--global", "--add", f"{name}.helper", command])
    _git(["config", "--global", f"{name}.useHttpPath", "true"])


def drop_credential_helper(git_url: str) -> None:
    _git(["config", "--global", "--remove-section", f"credential.{git_url}"], check=False)


def _git(arguments: list[str], *, check: bool = True) -> subprocess.CompletedProcess[str]:
    try:
        done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise Problem(
            what="git is not installed, or not on the PATH.",
            next="Install git (https://git-scm.com/downloads), then run the command again.",
            reason="no-git",
        ) from error
    if check and done.returncode != 0:
        raise Problem(
            what=f"git could not do this: git {' '.join(arguments)}",
            evidence=done.stderr.strip(),
            next="Mend what git says, then run the command again.",
            reason="git-failed",
        )
    return done
