"""Room for a push: in its repository, in what all repositories of its club may take together, for its source.

Only the pushed repository is measured, a few files as each push is kept as a pack; of the club's others the
size stands in the database, where each was noted after its last push.
"""

from __future__ import annotations

from django.db.models import Sum

from deployer.errors import Explanation, UserError
from deployer.sentence import Sentence
from portal.accounts.principal import Principal
from portal.builds.models import BUILD_STATES, Build, BuildState
from portal.environment import environment
from portal.gitserver.directory import Target
from portal.gitserver.repositories import Repositories, folder_bytes
from portal.gitserver.server import GitServer
from portal.gitserver.sources_kept import Patience, remove_sources
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


def require_room_for_source(server: GitServer, target: Target, size_bytes: int) -> None:
    """Raises UserError if the sources of the club's builds that are not over would take too much; what ended
    builds left goes first. One push of a club asks at a time."""
    limit_bytes = server.settings.sources_limit_bytes
    if folder_bytes(server.repositories.sources) > limit_bytes:
        remove_sources(server.repositories, Patience.of(server.settings), limit_bytes)
    waiting_bytes = _waiting_bytes(target)
    if waiting_bytes and waiting_bytes + size_bytes > limit_bytes:
        raise UserError(_sources_full(target, waiting_bytes + size_bytes, limit_bytes))


def _waiting_bytes(target: Target) -> int:
    """Without the build whose place this push takes."""
    builds = Build.objects.filter(project__club__slug=target.club, state__in=BUILD_STATES.open)
    others = builds.exclude(project=target.project_id, state=BuildState.QUEUED)
    return int(others.aggregate(total=Sum("archive_bytes"))["total"] or 0)


def _sources_full(target: Target, size_bytes: int, limit_bytes: int) -> Explanation:
    return Explanation(
        "club-sources-full",
        Sentence(
            "The commits of {club} that wait to be built would take {mebibytes} MiB together, of {most} that "
            "they may.",
            club=target.club,
            mebibytes=-(-size_bytes >> 20),
            most=limit_bytes >> 20,
        ),
        "",
        "Push again when some builds are over (madang builds), and keep large data out of git.",
    )


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
