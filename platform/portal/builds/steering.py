"""What an operator may do to the queue."""

from __future__ import annotations

from django.db import transaction
from django.db.models.functions import Now

from deployer.sentence import Sentence
from portal.accounts import audit
from portal.accounts.principal import Principal
from portal.builds.models import Build, BuildState, QueuePause
from portal.builds.queue import pause
from portal.builds.quiet import lock_slots
from portal.nudge import nudge_waiting_builds
from portal.problems import conflict, forbidden, invalid, not_found

_WHY_CHARACTERS = 200


@transaction.atomic
def jump(*, by: Principal, build_id: int) -> Build:
    """The build goes before all that wait, also beyond its club's share; again: before those that jumped."""
    _require_operator(by)
    build = (
        Build.objects.select_for_update(no_key=True, of=("self",))
        .select_related("project__club")
        .filter(pk=build_id)
        .first()
    )
    if build is None:
        raise not_found(Sentence("build {build}", build=build_id))
    if build.state != BuildState.QUEUED:
        raise conflict(
            "not-waiting",
            Sentence(
                "Build {build} does not wait: it is {state}.", build=build_id, state=Sentence.of(build.state)
            ),
            "Nothing is to be done.",
        )
    Build.objects.filter(pk=build_id).update(jumped_at=Now())
    audit.record(by, "jump", club=build.project.club.slug, project=build.project.slug, build=build_id)
    transaction.on_commit(nudge_waiting_builds)
    build.refresh_from_db()
    return build


@transaction.atomic
def pause_queue(*, by: Principal, why: str) -> QueuePause:
    """No build starts until `resume_queue`; what runs goes on. A pause that lasts gets the new words."""
    _require_operator(by)
    why = " ".join(why.split())
    if not why or len(why) > _WHY_CHARACTERS:
        raise invalid(
            "why-missing",
            "Everybody who waits reads why the queue is paused.",
            Sentence("Give a reason of at most {most} characters.", most=_WHY_CHARACTERS),
        )
    lock_slots()
    paused = pause() or QueuePause(begun_by=by.name)
    paused.why = why
    paused.save()
    audit.record(by, "pause_queue", why=why)
    return paused


@transaction.atomic
def resume_queue(*, by: Principal) -> None:
    """Builds start again; without a pause nothing changes."""
    _require_operator(by)
    lock_slots()
    if QueuePause.objects.filter(ended_at=None).update(ended_at=Now(), ended_by=by.name):
        audit.record(by, "resume_queue")
        transaction.on_commit(nudge_waiting_builds)


def _require_operator(by: Principal) -> None:
    if by.club is not None:
        raise forbidden("operator")
