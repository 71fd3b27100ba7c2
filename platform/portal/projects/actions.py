"""What may be done to projects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from deployer.sentence import Sentence
from portal.accounts import audit
from portal.accounts.principal import Principal
from portal.builds.cancelling import cancel_all
from portal.builds.models import LogStream, StreamKind
from portal.clubs.limits import require_project
from portal.clubs.models import Club
from portal.encryption import encrypt
from portal.nudge import nudge_removal, nudge_rollout
from portal.problems import Problem, conflict, invalid, not_found
from portal.projects import given_up, names
from portal.projects.models import ConfigVar, Project
from portal.projects.selectors import config as config_of
from portal.releases.making import make_release
from portal.releases.models import Rollout
from portal.releases.steps import live_release

_VALUE_BYTES = 32 << 10
# A Secret of Kubernetes holds 1 MiB.
_CONFIG_BYTES = 512 << 10
# Of the variables that a release changes, what its description says.
_NAMED, _NAMED_LENGTH = 3, 150
# Each is a row written by itself: a request with a hundred thousand would hold a connection for minutes.
_MOST_VARIABLES = 500


@transaction.atomic
def create_project(*, by: Principal, club: Club, slug: str) -> Project:
    """Makes a project with the best subdomain that is free, if the club may have one more."""
    by.require("manage", club=club.slug)
    names.check_project(slug)
    require_project(club)
    if Project.objects.filter(club=club, slug=slug).exists():
        raise _exists(slug, club.slug)
    for subdomain in names.subdomains(slug, club.slug):
        try:
            with transaction.atomic():
                project = Project.objects.create(club=club, slug=slug, subdomain=subdomain)
                if not given_up.take(subdomain, club):
                    raise given_up.refusal(subdomain)
        except Problem:
            continue
        except IntegrityError:
            # Taken, now or a moment ago; or the same project was made at this very time.
            if Project.objects.filter(club=club, slug=slug).exists():
                raise _exists(slug, club.slug) from None
            continue
        audit.record(by, "create_project", club=club.slug, project=slug, subdomain=subdomain)
        return project
    raise names.no_subdomain(slug, club.slug)


@dataclass(frozen=True)
class ConfigChange:
    """What changed by name, and the rollout that carries it out (None: nothing is live yet)."""

    changed: tuple[str, ...]
    rollout: Rollout | None


@transaction.atomic
def set_config(
    *, by: Principal, project: Project, set: Mapping[str, str], unset: Iterable[str] = ()
) -> ConfigChange:
    """Changes variables; if a release is live, a new release of its build carries them out."""
    by.require("deploy", club=project.club.slug, project=project.slug)
    locked = lock(project)
    before, gone = config_of(locked), frozenset(unset)
    after = {name: value for name, value in before.items() if name not in gone} | dict(set)
    changed = tuple(
        sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    )
    _check(set, after)
    if not changed:
        return ConfigChange((), None)
    write_config(locked, after, changed)
    audit.record(by, "set_config", club=project.club.slug, project=project.slug, names=list(changed))
    live = live_release(locked.pk)
    if live is None:
        return ConfigChange(changed, None)
    stream = LogStream.objects.create(project=locked, kind=StreamKind.CONFIG)
    rollout = make_release(
        project_id=locked.pk,
        build_id=live.build_id,
        stream_id=stream.pk,
        created_by=by.name,
        by=by,
        description=_described(changed),
    )
    transaction.on_commit(lambda: nudge_rollout(rollout.pk))
    return ConfigChange(changed, rollout)


@transaction.atomic
def delete_project(*, by: Principal, project: Project) -> None:
    """From the commit on nobody sees the project; a worker then removes what runs of it, at last the row."""
    by.require("manage", club=project.club.slug, project=project.slug)
    locked = lock(project)
    cancel_all(locked)
    Project.objects.filter(pk=locked.pk).update(deleted_at=Now())
    audit.record(by, "delete_project", club=project.club.slug, project=project.slug)
    transaction.on_commit(lambda: nudge_removal(locked.pk))


def lock(project: Project) -> Project:
    """The project's row, locked to the end of the transaction; raises a 404 problem if it is deleted."""
    locked = (
        Project.objects.select_for_update(no_key=True, of=("self",))
        .select_related("club")
        .filter(pk=project.pk, deleted_at=None)
        .first()
    )
    if locked is None:
        raise not_found(Sentence("project {project}", project=f"{project.club.slug}/{project.slug}"))
    return locked


def write_config(project: Project, values: Mapping[str, str], names_changed: Iterable[str]) -> None:
    """Makes the named variables as `values` says; inside a transaction that holds the project."""
    for name in names_changed:
        if name in values:
            ConfigVar.objects.update_or_create(
                project=project, name=name, defaults={"encrypted": encrypt(values[name])}
            )
        else:
            ConfigVar.objects.filter(project=project, name=name).delete()


def _check(given: Mapping[str, str], whole: Mapping[str, str]) -> None:
    for name, value in given.items():
        names.check_variable(name)
        if "\0" in value or len(value.encode()) > _VALUE_BYTES:
            raise invalid(
                "bad-variable-value",
                Sentence("The value of {name} cannot be kept.", name=name),
                Sentence("Give text of at most {kibibytes} KiB.", kibibytes=_VALUE_BYTES >> 10),
            )
    if given and len(whole) > _MOST_VARIABLES:
        raise invalid(
            "too-many-variables",
            Sentence("A project has at most {most} variables.", most=_MOST_VARIABLES),
            "Keep many small values in one, such as JSON, or in a file of the repository.",
        )
    if sum(len(name) + len(value.encode()) for name, value in whole.items()) > _CONFIG_BYTES:
        raise invalid(
            "config-too-large",
            Sentence(
                "All variables together are larger than {kibibytes} KiB.", kibibytes=_CONFIG_BYTES >> 10
            ),
            "Keep large data in the repository or elsewhere.",
        )


def _described(changed: tuple[str, ...]) -> Sentence:
    shown = ", ".join(changed[:_NAMED])[:_NAMED_LENGTH]
    if len(changed) <= _NAMED:
        return Sentence("config {names}", names=shown)
    return Sentence("config {names} and {count} more", names=shown, count=len(changed) - _NAMED)


def _exists(slug: str, club: str) -> Exception:
    return conflict(
        "project-exists",
        Sentence(
            "There is a project {project} already (or it is just being deleted).", project=f"{club}/{slug}"
        ),
        "Choose another name.",
    )
