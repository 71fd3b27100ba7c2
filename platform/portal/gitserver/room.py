"""Room for a push: in its repository, and in what all repositories of its club may take together.

Only the pushed repository is measured, a few files as each push is kept as a pack; of the club's others the
size stands in the database, where each was noted after its last push.
"""

from __future__ import annotations

from deployer.errors import Explanation
from deployer.sentence import Sentence
from portal.accounts.principal import Principal
from portal.environment import environment
from portal.gitserver.directory import Target
from portal.gitserver.repositories import Repositories
from portal.gitserver.server import GitServer
from portal.projects.repository_sizes import club_bytes, largest, measured

_NAMED = 3


def measure(repositories: Repositories, project_id: int) -> int:
    """Notes and gives what a repository takes now, with pushes that are being taken in."""
    size_bytes = repositories.size_bytes(repositories.path(project_id))
    measured(project_id, size_bytes)
    return size_bytes


def measure_new(repositories: Repositories, known: set[int]) -> None:
    """All that are not `known` to have been measured by this process: a server before it may have died
    between a push and its note, or have been older than the notes."""
    for project_id in repositories.all().keys() - known:
        measure(repositories, project_id)
        known.add(project_id)


def full(server: GitServer, target: Target, principal: Principal) -> Explanation | None:
    """Why nothing more is taken in, or None. `principal` is who is told: without the club's being theirs to
    read, names of other projects are not."""
    size_bytes = measure(server.repositories, target.project_id)
    if size_bytes > server.settings.repository_limit_bytes:
        return _repository_full(target, size_bytes, server.settings.repository_limit_bytes)
    used_bytes = club_bytes(target.club)
    if used_bytes < environment().git_club_limit_bytes:
        return None
    return _club_full(target, principal, size_bytes, used_bytes)


def too_much(server: GitServer, target: Target, principal: Principal) -> Explanation | None:
    """Why what was received is not kept, or None; asked while it still lies in git's quarantine, which is
    within the repository's folder. Two pushes of a club at once count both."""
    size_bytes = measure(server.repositories, target.project_id)
    used_bytes = club_bytes(target.club)
    if used_bytes <= environment().git_club_limit_bytes:
        return None
    return _club_full(target, principal, size_bytes, used_bytes)


def _repository_full(target: Target, size_bytes: int, limit_bytes: int) -> Explanation:
    return Explanation(
        "repository-full",
        Sentence(
            "The repository of {project} is full: {mebibytes} of {most} MiB.",
            project=target.name,
            mebibytes=size_bytes >> 20,
            most=limit_bytes >> 20,
        ),
        Sentence("Every version of every file that was ever pushed counts."),
        "Keep large data out of git; an operator can clean the repository up.",
    )


def _club_full(target: Target, principal: Principal, size_bytes: int, used_bytes: int) -> Explanation:
    of_the_club = principal.may("read", club=target.club)
    named = largest(target.club, _NAMED) if of_the_club else [(target.project, size_bytes)]
    return Explanation(
        "club-repositories-full",
        Sentence(
            "The repositories of {club} would take {mebibytes} MiB together, of {most} that they may.",
            club=target.club,
            mebibytes=-(-used_bytes >> 20),
            most=environment().git_club_limit_bytes >> 20,
        ),
        ", ".join(f"{slug}: {-(-size >> 20)} MiB" for slug, size in named),
        "Delete a project that nobody needs (madang project delete), keep large data out of git, or ask an "
        "operator for more.",
    )
