"""How many copies a project has, and how large each is."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from deployer.build import BuildPlan
from deployer.sentence import Sentence
from portal.accounts import audit
from portal.accounts.principal import Principal
from portal.builds.models import StreamKind
from portal.problems import conflict, invalid
from portal.projects.actions import lock
from portal.projects.models import Project
from portal.releases.models import Release, Rollout
from portal.releases.redeploying import release_again
from portal.releases.resources import Resources, resources_of
from portal.releases.steps import live_release

MEBIBYTE = 1 << 20
# The bounds of madang.yaml.
MOST_REPLICAS = 10
LEAST_MEMORY, MOST_MEMORY = 16 * MEBIBYTE, 64 << 30
LEAST_CPU, MOST_CPU = 10, 64_000


@dataclass(frozen=True)
class Scale:
    """What the project takes, and which parts of it madang.yaml of the live release decides.

    The file in git is the stronger: it is what everybody in the club sees and what a push brings back.
    """

    resources: Resources
    by_file: frozenset[str]


def scale_of(project: Project) -> Scale:
    """Of the live release's plan, else of the project alone."""
    live = live_release(project.pk)
    if live is None:
        return Scale(Resources(project.replicas, project.memory_bytes, project.cpu_millicores), frozenset())
    web = BuildPlan.from_dict(live.build.plan).web
    fields = ("replicas", "memory_bytes", "cpu_millicores")
    return Scale(resources_of(web, project), frozenset(name for name in fields if getattr(web, name)))


@transaction.atomic
def scale(*, by: Principal, project: Project, wanted: Resources) -> Rollout | None:
    """Keeps the numbers, and makes a release with them if one is live (None: none is, or nothing changed).

    Raises a 409 problem for what madang.yaml decides or the club's budget has no room for, a 422 problem
    for what no project may have.
    """
    by.require("deploy", club=project.club.slug, project=project.slug)
    _check(wanted)
    locked = lock(project)
    before = scale_of(locked)
    for name, label in _LABELS.items():
        if name in before.by_file and getattr(wanted, name) != getattr(before.resources, name):
            raise conflict(
                "set-in-file",
                Sentence(
                    "madang.yaml sets web.{label}: what is set there cannot be changed here.", label=label
                ),
                Sentence(
                    "Change web.{label} in madang.yaml and push, or take the line out of it.", label=label
                ),
            )
    changes = {name: getattr(wanted, name) for name in _LABELS if name not in before.by_file}
    if all(getattr(before.resources, name) == value for name, value in changes.items()):
        return None
    for name, value in changes.items():
        setattr(locked, name, value)
    locked.save(update_fields=list(changes))
    audit.record(by, "scale", club=project.club.slug, project=project.slug, to=str(wanted.share), **changes)
    live = live_release(locked.pk)
    if live is None:
        return None
    return release_again(locked, live.build_id, by, StreamKind.SCALE, _said(wanted))


def differs(before: Release | Resources, after: Release | Resources) -> dict[str, tuple[int, int]]:
    """What the two take that is not the same, by field."""
    pairs = {name: (getattr(before, name), getattr(after, name)) for name in _LABELS}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


_LABELS = {"replicas": "replicas", "memory_bytes": "memory", "cpu_millicores": "cpu"}


def _said(wanted: Resources) -> Sentence:
    each = f"{wanted.memory_bytes // MEBIBYTE} MiB, {wanted.cpu_millicores}m"
    if wanted.replicas == 1:
        return Sentence("scale to 1 copy of {each}", each=each)
    return Sentence("scale to {count} copies of {each}", count=wanted.replicas, each=each)


def _check(wanted: Resources) -> None:
    if not 1 <= wanted.replicas <= MOST_REPLICAS:
        raise invalid(
            "bad-replicas",
            Sentence("A project has 1 to {most} copies.", most=MOST_REPLICAS),
            "Choose another number.",
        )
    if not LEAST_MEMORY <= wanted.memory_bytes <= MOST_MEMORY:
        raise invalid("bad-memory", "A copy has 16 MiB to 64 GiB of memory.", "Choose another amount.")
    if not LEAST_CPU <= wanted.cpu_millicores <= MOST_CPU:
        raise invalid("bad-cpu", "A copy has 10m to 64000m of cpu.", "Choose another amount.")
