"""How long the sources of builds are kept: until the build is over, and a while longer so that one that
failed can be built again."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from portal.builds.models import BUILD_STATES, Build, StreamState
from portal.builds.rebuilding import REBUILDABLE
from portal.gitserver import kept
from portal.gitserver.repositories import Repositories, folder_bytes
from portal.gitserver.settings import GitServerSettings
from portal.gitserver.settle import archive_place


@dataclass(frozen=True)
class Patience:
    """How long after their end: of any build, and of one that failed or was cancelled and is its project's
    newest. So no project has more than one old source."""

    ended_seconds: float
    failed_seconds: float

    @classmethod
    def of(cls, settings: GitServerSettings) -> Patience:
        return cls(settings.keep_sources_seconds, settings.keep_failed_sources_seconds)

    def shortened(self) -> tuple[Patience, ...]:
        """Step by step: what can be built again goes last."""
        return Patience(0, self.failed_seconds), Patience(0, 0)

    def needs(self, build: Build, ended_at: datetime | None, newest: frozenset[int], now: datetime) -> bool:
        """Whether what the build was made of is still needed, `ended_at` being the end that counts."""
        if ended_at is None:
            return True
        seconds = self.ended_seconds
        if build.state in REBUILDABLE and build.pk in newest:
            seconds = max(seconds, self.failed_seconds)
        return ended_at >= now - timedelta(seconds=seconds)


def remove_sources(repositories: Repositories, patience: Patience, most_bytes: int) -> None:
    """Archives that no build needs, kept objects that no push or rebuild needs, and both when no build
    claims them.

    While all together are more than `most_bytes`, what ended builds left goes at once: somebody who pushes
    large files in a row would fill the volume that all clubs push to.
    """
    _remove(repositories, patience, patience)
    for shorter in patience.shortened():
        if folder_bytes(repositories.sources) <= most_bytes:
            break
        _remove(repositories, patience, shorter)
    _note_lost(repositories)


def _remove(repositories: Repositories, patience: Patience, held: Patience) -> None:
    archives = {path.name: path for path in repositories.sources.glob("*.tar.gz")}
    objects = {
        path.name.removesuffix(".objects") + ".tar.gz": path
        for path in repositories.sources.glob("*.objects")
    }
    now = timezone.now()
    claims = _claims({*archives, *objects}, now - timedelta(seconds=patience.ended_seconds))
    newest = _newest(build for builds in claims.values() for build in builds)
    asked_for = set()
    for name, path in archives.items():
        builds = claims.get(name, [])
        if any(held.needs(build, build.finished_at, newest, now) for build in builds):
            continue
        if _let_go(builds, held, now) if builds else _older(path, patience.ended_seconds):
            path.unlink(missing_ok=True)
        elif builds:
            asked_for.add(name)
    for name, path in objects.items():
        builds = claims.get(name, [])
        # What is live may still have to be settled.
        live = any(build.stream.state == StreamState.SUCCEEDED for build in builds)
        counts = patience if live else held
        needed = any(counts.needs(build, build.stream.ended_at, newest, now) for build in builds)
        if needed or name in asked_for:
            continue
        if builds or _older(path, patience.ended_seconds):
            kept.drop(path)


def _claims(names: set[str], since: datetime) -> dict[str, list[Build]]:
    """The builds of each archive, a push's and those that try it again, wherever the volume was mounted when
    it was written. Not those that let it go and were over before `since`: they need nothing."""
    found: defaultdict[str, list[Build]] = defaultdict(list)
    open_or_late = Q(stream__ended_at=None) | Q(stream__ended_at__gte=since)
    for build in Build.objects.select_related("stream").filter(Q(source_kept=True) | open_or_late):
        if (name := Path(build.archive_path).name) in names:
            found[name].append(build)
    return found


def _newest(builds: Iterable[Build]) -> frozenset[int]:
    """The newest builds of these builds' projects."""
    rows = Build.objects.filter(project__in={build.project_id for build in builds})
    return frozenset(rows.order_by("project_id", "-id").distinct("project_id").values_list("id", flat=True))


@transaction.atomic
def _let_go(claims: Sequence[Build], patience: Patience, now: datetime) -> bool:
    """Whether nobody needs the archive that these builds claim; then nothing is built from it again.

    A rebuild that is being asked for at this moment holds one of the rows (`builds.rebuilding`), so what is
    looked at once they are locked is the truth.
    """
    # A rebuild has its archive in the same words.
    places = {build.archive_path for build in claims}
    builds = Build.objects.filter(archive_path__in=places).order_by("pk")
    list(builds.select_for_update(no_key=True).values_list("pk"))
    there = list(builds)
    newest = _newest(there)
    if any(patience.needs(build, build.finished_at, newest, now) for build in there):
        return False
    builds.update(source_kept=False)
    return True


def _note_lost(repositories: Repositories) -> None:
    """Of a database or a volume that came back from a backup the other one may know nothing."""
    ended = Build.objects.filter(source_kept=True, state__in=BUILD_STATES.terminal)
    lost = [build.pk for build in ended if not archive_place(repositories, build).exists()]
    Build.objects.filter(pk__in=lost).update(source_kept=False)


def _older(path: Path, seconds: float) -> bool:
    try:
        return time.time() - path.stat().st_mtime > seconds
    except FileNotFoundError:
        return False
