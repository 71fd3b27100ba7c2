"""The commands that send the folder of a project to Madang, as pages show them."""

from __future__ import annotations


def add_remote(git_url: str, club: str, project: str) -> str:
    return f"git remote add madang {git_url.rstrip('/')}/{club}/{project}.git"


def push(branch: str = "main") -> str:
    """What is checked out, whatever its branch is called, to the branch that deploys."""
    return f"git push madang HEAD:{branch}"
