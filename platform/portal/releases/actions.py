"""What may be done to releases."""

from __future__ import annotations

from django.db import transaction

from deployer.sentence import Sentence
from portal.accounts import audit
from portal.accounts.principal import Principal
from portal.builds.models import LogStream, StreamKind
from portal.encryption import decrypt_config
from portal.nudge import nudge_rollout
from portal.problems import conflict, not_found
from portal.projects.actions import lock, write_config
from portal.projects.models import Project
from portal.projects.selectors import config as config_of
from portal.releases.making import make_release
from portal.releases.models import Release, Rollout
from portal.releases.steps import live_release


@transaction.atomic
def rollback(*, by: Principal, project: Project, number: int | None = None) -> Rollout:
    """A new release of an old release's build and config (docs/adr/0007); None: the one live before.

    The project's variables become that release's too, so that the next change starts from what runs.
    """
    by.require("deploy", club=project.club.slug, project=project.slug)
    locked = lock(project)
    target = _target(locked, number)
    values = decrypt_config(target.encrypted_config)
    before = config_of(locked)
    changed = sorted(name for name in before.keys() | values.keys() if before.get(name) != values.get(name))
    write_config(locked, values, changed)
    stream = LogStream.objects.create(project=locked, kind=StreamKind.ROLLBACK)
    rollout = make_release(
        project_id=locked.pk,
        build_id=target.build_id,
        stream_id=stream.pk,
        created_by=by.name,
        by=by,
        description=Sentence("rollback to release {number}", number=target.number),
    )
    audit.record(
        by, "rollback", club=project.club.slug, project=project.slug, to=target.number, names=changed
    )
    transaction.on_commit(lambda: nudge_rollout(rollout.pk))
    return rollout


def _target(project: Project, number: int | None) -> Release:
    served = Release.objects.filter(project=project).exclude(went_live_at=None)
    live = live_release(project.pk)
    if number is None:
        before = served.exclude(pk=live.pk if live else -1).filter(image_kept=True)
        target = before.order_by("-went_live_at").first()
        if target is None:
            raise conflict(
                "nothing-before",
                "There is no earlier release to go back to.",
                "Push a new version instead. What there was: madang releases",
            )
        return target
    target = Release.objects.filter(project=project, number=number).first()
    if target is None:
        raise not_found(
            Sentence(
                "release {number} of {project}", number=number, project=f"{project.club.slug}/{project.slug}"
            )
        )
    if target.went_live_at is None:
        raise conflict(
            "never-live",
            Sentence("Release {number} never worked.", number=number),
            "Choose one that was live: madang releases",
        )
    if not target.image_kept:
        raise conflict(
            "image-gone",
            Sentence("The image of release {number} is not kept any more.", number=number),
            "Push its commit again, or choose a newer release: madang releases",
        )
    return target
