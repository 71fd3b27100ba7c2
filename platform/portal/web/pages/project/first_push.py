"""The commands of a project's first push, with its real values, for each system."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from portal.environment import environment
from portal.projects.models import Project
from portal.web import git_store
from portal.web.git_push import add_remote, push


@dataclass(frozen=True)
class Step:
    """One step: what it does, and the commands to copy."""

    title: str
    commands: str


@dataclass(frozen=True)
class System:
    """A way for one operating system, or for git alone."""

    id: str
    name: str
    steps: tuple[Step, ...]


def first_push(project: Project) -> list[System]:
    """macOS and Linux, Windows, and git without the command `madang`."""
    given = environment()
    url, club, branch = given.public_url, project.club.slug, project.deploy_branch
    name = f"{club}/{project.slug}"
    login = f"madang login --url {url}"
    link = f"madang project link {name}"
    commit = 'git add -A\ngit commit -m "First version"'
    remote = add_remote(given.git_url, club, project.slug)
    install = _(
        "Once on each computer, in a copy of Madang's own repository (its operator has it): "
        "install the command and log in with your key"
    )
    unix = (
        Step(install, f"pipx install ./cli\n{login}"),
        Step(
            _("In your project's folder: make it a repository, unless it is one"),
            f"git init -b {branch}\n{commit}",
        ),
        Step(_("Say where it goes, and push"), f"{link}\n{push(branch)}"),
    )
    windows = (
        Step(
            install,
            f"py -m pip install --user pipx\npy -m pipx ensurepath\npy -m pipx install .\\cli\n{login}",
        ),
        *unix[1:],
    )
    git = (
        Step(
            _("Once on each computer: let git keep the key; as user name type madang, as password your key"),
            git_store.keep(given.git_url),
        ),
        Step(
            _("In your project's folder: make it a repository, unless it is one"),
            f"git init -b {branch}\n{commit}",
        ),
        Step(_("Say where it goes, and push"), f"{remote}\n{push(branch)}"),
    )
    return [
        System("git", _("git alone"), git),
        System("unix", _("macOS and Linux"), unix),
        System("windows", _("Windows"), windows),
    ]
