"""One round: the addresses whose turn it is are asked, and what has changed is written down.

Every live project is asked each half minute, spread over that time; one that fails more often. A failure is
asked again after a moment before it counts: a visitor would reload, too.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.db import connection, transaction
from django.db.models import Value
from django.db.models.functions import Now
from django.utils import timezone

from deployer.errors import DeployerError
from deployer.rollout.answer import Answer
from deployer.rollout.sight import Sight
from portal import cluster
from portal.builds.masking import Masker
from portal.environment import environment
from portal.probing import asking
from portal.probing.diagnosis import Asked, Finding, answers, diagnose
from portal.probing.models import Probe, Transition
from portal.probing.wanted import wanted
from portal.projects.selectors import address, config
from portal.releases.models import Release, ReleaseState

logger = logging.getLogger(__name__)

_MOST = 250
_EVERY, _EVERY_FAILING = timedelta(seconds=30), timedelta(seconds=10)
# While a round has a row, no other takes it.
_TAKEN = timedelta(seconds=60)
_AGAIN_SECONDS = 1.0
# How many that fail are looked at in the cluster in one round; the others are told by their answer alone.
_LOOKS, _LOOKS_AT_ONCE = 20, 4


@dataclass(frozen=True)
class Round:
    """How many were asked, and how many do not answer."""

    asked: int
    failing: int


def probe() -> Round:
    """Asks those whose turn it is. Two rounds at once share them."""
    _enroll()
    releases = _take()
    if not releases:
        return Round(0, 0)
    asked = {release.project_id: _asked(release) for release in releases}
    # Back to the pool: slow apps are waited for.
    connection.close()
    heard = asyncio.run(_hear({key: each.hostname for key, each in asked.items()}))
    at = timezone.now()
    failing = [release for release in releases if not answers(heard[release.project_id])]
    sights = _look(failing)
    found = {
        release.project_id: _masked(
            release,
            diagnose(asked[release.project_id], heard[release.project_id], sights.get(release.project_id)),
        )
        for release in failing
    }
    _write(at, {key: heard[key].status for key in asked}, found)
    return Round(len(releases), len(failing))


def _enroll() -> None:
    """Every project with a live release has a row; a new one's first turn comes within the half minute."""
    live = Release.objects.filter(state=ReleaseState.LIVE, project__deleted_at=None, project__probe=None)
    now = timezone.now()
    Probe.objects.bulk_create(
        [
            Probe(project_id=key, next_at=now + _EVERY * random.random())  # noqa: S311
            for key in live.values_list("project_id", flat=True)
        ],
        ignore_conflicts=True,
    )


@transaction.atomic
def _take() -> list[Release]:
    """The live releases of the projects whose turn it is."""
    due = Probe.objects.filter(
        wanted(),
        next_at__lte=Now(),
        project__deleted_at=None,
        project__releases__state=ReleaseState.LIVE,
    )
    taken = [
        row.pk for row in due.select_for_update(skip_locked=True, of=("self",)).order_by("next_at")[:_MOST]
    ]
    Probe.objects.filter(pk__in=taken).update(next_at=Now() + Value(_TAKEN))
    releases = Release.objects.filter(project__in=taken, state=ReleaseState.LIVE)
    return list(releases.select_related("project__club"))


def _asked(release: Release) -> Asked:
    url = address(release.project)
    return Asked(
        hostname=urlsplit(url).hostname or "",
        url=url,
        port=release.port,
        memory_bytes=release.memory_bytes,
        health_path=release.health_path,
    )


async def _hear(hostnames: dict[int, str]) -> dict[int, Answer]:
    given = environment().ingress_probe_url
    heard = await asking.ask_all(given, hostnames, asking.TIMEOUT_SECONDS)
    failed = {key: hostnames[key] for key, answer in heard.items() if not answers(answer)}
    if failed:
        await asyncio.sleep(_AGAIN_SECONDS)
        heard |= await asking.ask_all(given, failed, asking.TIMEOUT_SECONDS)
    return heard


def _look(releases: Sequence[Release]) -> dict[int, Sight]:
    """What the cluster shows of those that fail; nothing of those that it did not tell of."""

    def of(release: Release) -> Sight | None:
        try:
            return cluster.sight(release.project.club.slug, release.project.slug)
        except DeployerError as error:
            logger.warning(
                "a project that fails was not looked at", extra={"explanation": error.explanation.to_dict()}
            )
            return None

    with ThreadPoolExecutor(_LOOKS_AT_ONCE, thread_name_prefix="look") as pool:
        chosen = releases[:_LOOKS]
        found = zip(chosen, pool.map(of, chosen), strict=True)
        return {release.project_id: sight for release, sight in found if sight is not None}


def _masked(release: Release, finding: Finding) -> Finding:
    """Logs may quote secrets."""
    if "log" not in finding.detail:
        return finding
    masker = Masker(config(release.project).values(), environment().log_line_bytes)
    return Finding(
        finding.reason, {**finding.detail, "log": [masker.line(line) for line in finding.detail["log"]]}
    )


@transaction.atomic
def _write(at: datetime, statuses: dict[int, int | None], found: dict[int, Finding]) -> None:
    # What was halted while it was asked has not failed.
    there = Probe.objects.select_for_update(no_key=True, of=("self",)).filter(wanted(), pk__in=statuses)
    rows = list(there.order_by("pk"))
    changes = []
    for row in rows:
        finding = found.get(row.pk)
        ok = finding is None
        every = _EVERY if ok else _EVERY_FAILING
        row.next_at = at + every * random.uniform(0.9, 1.1)  # noqa: S311
        if row.ok is None or row.ok != ok:
            row.since = at
        if row.ok is None or row.ok != ok or row.reason != (finding.reason if finding else ""):
            changes.append(row)
        row.asked_at, row.ok, row.status = at, ok, statuses[row.pk]
        row.reason = finding.reason if finding else ""
        row.detail = dict(finding.detail) if finding else {}
    Probe.objects.bulk_update(
        rows, ["next_at", "since", "asked_at", "ok", "status", "reason", "detail"], batch_size=_MOST
    )
    Transition.objects.bulk_create(_transitions(at, changes))


def _transitions(at: datetime, rows: Iterable[Probe]) -> list[Transition]:
    return [
        Transition(
            project_id=row.pk,
            at=at,
            ok=bool(row.ok),
            status=row.status,
            reason=row.reason,
            detail=row.detail,
        )
        for row in rows
    ]
