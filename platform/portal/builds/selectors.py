"""Reads of builds and log streams."""

from __future__ import annotations

from portal.builds.models import Build, BuildState, LogEntry
from portal.derived import same, token_hash


def entries(stream_id: int, after: int = 0, limit: int = 500) -> list[LogEntry]:
    """Up to `limit` entries of a stream with a sequence above `after`, in order.

    Sequences are given under the stream's row lock, so an entry never appears before a smaller one.
    """
    return list(LogEntry.objects.filter(stream_id=stream_id, sequence__gt=after).order_by("sequence")[:limit])


def queue() -> list[int]:
    """The streams of the builds that wait, in the order in which they are built."""
    waiting = Build.objects.filter(state=BuildState.QUEUED).order_by("id")
    return list(waiting.values_list("stream_id", flat=True))


def queue_position(build: Build) -> int:
    """1: next to be built; 0: not waiting any more."""
    waiting = queue()
    return waiting.index(build.stream_id) + 1 if build.stream_id in waiting else 0


def build_for_source_token(build_id: int, token: str) -> Build | None:
    """The running build whose present attempt this token belongs to, or None."""
    build = Build.objects.filter(pk=build_id, state=BuildState.RUNNING).exclude(source_token_hash="").first()
    if not same(token_hash(token), build.source_token_hash if build else "0" * 64):
        return None
    return build
