"""Reads of builds and log streams."""

from __future__ import annotations

from portal.builds.models import Build, BuildState, LogEntry
from portal.derived import same, token_hash


def entries(stream_id: int, after: int = 0, limit: int = 500) -> list[LogEntry]:
    """Up to `limit` entries of a stream with a sequence above `after`, in order.

    Sequences are given under the stream's row lock, so an entry never appears before a smaller one.
    """
    return list(LogEntry.objects.filter(stream_id=stream_id, sequence__gt=after).order_by("sequence")[:limit])


def queue_position(build: Build) -> int:
    """1: next to be built; 0: not waiting any more."""
    if Build.objects.filter(pk=build.pk, state=BuildState.QUEUED).exists():
        return Build.objects.filter(state=BuildState.QUEUED, pk__lte=build.pk).count()
    return 0


def build_for_source_token(build_id: int, token: str) -> Build | None:
    """The running build whose present attempt this token belongs to, or None."""
    build = Build.objects.filter(pk=build_id, state=BuildState.RUNNING).exclude(source_token_hash="").first()
    if not same(token_hash(token), build.source_token_hash if build else "0" * 64):
        return None
    return build
