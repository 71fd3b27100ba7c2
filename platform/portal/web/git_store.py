"""How git is told to keep the key of this git server in its own store (git-credential-store(1))."""

from __future__ import annotations


def keep(base: str) -> str:
    """The command, for a shell of POSIX or Git Bash; `base` is the server's address without a path.

    Also where `madang login` has set more than one helper, and a key for each path.
    """
    place = f"credential.{base}"
    helper = f"git config --global --replace-all {place}.helper store"
    return f"{helper} && git config --global {place}.useHttpPath false"
