"""Reads of builds and log streams."""

from __future__ import annotations

from deployer.sentence import Sentence
from portal.builds import quiet
from portal.builds.models import Build, BuildState, LogEntry
from portal.builds.places import Hold, Place, places
from portal.builds.queue import line, pause
from portal.builds.turns import turns
from portal.derived import same, token_hash
from portal.problems import not_found
from portal.projects.models import Project


def build_of(project: Project, build_id: int, *, lock: bool = False) -> Build:
    """The project's build of this number, with `lock` to the end of the transaction. Raises a 404 problem."""
    rows = Build.objects.select_for_update(no_key=True) if lock else Build.objects.all()
    build = rows.filter(pk=build_id, project=project).first()
    if build is None:
        raise not_found(
            Sentence(
                "build {build} of {project}", build=build_id, project=f"{project.club.slug}/{project.slug}"
            )
        )
    return build


def entries(stream_id: int, after: int = 0, limit: int = 500) -> list[LogEntry]:
    """Up to `limit` entries of a stream with a sequence above `after`, in order.

    Sequences are given under the stream's row lock, so an entry never appears before a smaller one.
    """
    return list(LogEntry.objects.filter(stream_id=stream_id, sequence__gt=after).order_by("sequence")[:limit])


def waiting_with_reasons() -> list[Place]:
    """Every build that waits, in the order in which they are built, and why; four queries, however many."""
    paused, quiet_time = pause(), quiet.present()
    hold = Hold(pause=paused.why if paused else None, quiet_until=quiet_time.until if quiet_time else None)
    return list(places(line(), hold))


def queue() -> list[int]:
    """The streams of the builds that wait, in the order in which they are built."""
    ids = [turn.build for turn in turns(line())]
    streams = dict(Build.objects.filter(pk__in=ids).values_list("pk", "stream_id"))
    return [streams[key] for key in ids if key in streams]


def place_of(build: Build) -> Place | None:
    """None: it does not wait (any more)."""
    return next((place for place in waiting_with_reasons() if place.build == build.pk), None)


def queue_position(build: Build) -> int:
    """1: next to be built; 0: not waiting any more."""
    place = place_of(build)
    return place.position if place else 0


def build_for_source_token(build_id: int, token: str) -> Build | None:
    """The running build whose present attempt this token belongs to, or None."""
    build = Build.objects.filter(pk=build_id, state=BuildState.RUNNING).exclude(source_token_hash="").first()
    if not same(token_hash(token), build.source_token_hash if build else "0" * 64):
        return None
    return build
