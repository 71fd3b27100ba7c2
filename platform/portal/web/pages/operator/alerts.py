"""What is not as it should be, each with its evidence and next step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain

from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.builds.models import BUILD_STATES, Build, BuildState
from portal.drills.models import OPEN, Drill
from portal.fleet.live import Look
from portal.fleet.models import InterruptedPod
from portal.fleet.reasons import in_words
from portal.fleet.states import InterruptionState, PodState, Way
from portal.mail.models import MailState
from portal.mail.selectors import undelivered
from portal.probing.selectors import standstill
from portal.releases.models import ROLLOUT_STATES, Halt, Rollout
from portal.releases.turns import AT_WORK, waits
from portal.translating import translated

# So long something may last before it is told: less is the platform's ordinary pace.
WAITS = timedelta(minutes=15)
LATE = timedelta(minutes=2)
NODE = timedelta(minutes=2)
_SHOWN = 20


@dataclass(frozen=True)
class Alert:
    """`kind` is error or warning; `href` is where the next step is taken, empty: elsewhere than here."""

    reason: str
    kind: str
    what: str
    evidence: str
    next: str
    since: datetime | None
    href: str = ""


def alerts(look: Look) -> list[Alert]:
    """The gravest first, of equals the oldest."""
    now = timezone.now()
    found = chain(
        _stuck_handoffs(),
        _nodes(look, now),
        _expired_leases(now),
        _checks(),
        _builds(now),
        _rollouts(now),
        _mails(),
    )
    return sorted(found, key=lambda each: (each.kind != "error", each.since or now))


def _stuck_handoffs() -> Iterator[Alert]:
    blocked = (
        InterruptedPod.objects.exclude(blocked_since=None)
        .exclude(way=Way.LEAVE)
        .exclude(state__in=(PodState.RETIRED, PodState.RESTORED, PodState.LOST))
        .exclude(interruption__state__in=(InterruptionState.GONE, InterruptionState.CANCELLED))
        .select_related("interruption")
        .order_by("blocked_since")[:_SHOWN]
    )
    for pod in blocked:
        whose = f"{pod.club}/{pod.project}" if pod.project else f"{pod.namespace}/{pod.name}"
        told = _("%(whose)s has to leave %(node)s and has nowhere to go.")
        yield Alert(
            "handoff-blocked",
            "error",
            told % {"whose": whose, "node": pod.interruption.node},
            in_words(pod.blocked_reason),
            _("Add a node, or make room: see what each node carries."),
            pod.blocked_since,
            reverse("operator-interruption", args=[pod.interruption_id]),
        )


def _nodes(look: Look, now: datetime) -> Iterator[Alert]:
    fleet = reverse("operator-fleet")
    if look.trouble is not None:
        yield Alert(
            "cluster-unseen",
            "error",
            _("The portal cannot see the cluster's nodes."),
            look.trouble.evidence or translated(look.trouble.what),
            _("Look whether the API server answers, and at the role of the portal's service account."),
            None,
        )
    for node in look.fleet.nodes if look.fleet else ():
        since = node.ready_since or node.created
        if not node.ready and node.end is None and now - since > NODE:
            yield Alert(
                "node-not-ready",
                "error",
                _("The node %(node)s is not ready.") % {"node": node.name},
                node.trouble,
                _("Look at the machine; its pods start elsewhere by themselves."),
                since,
                fleet,
            )
        elif node.ready and node.unheard and now - max(since, node.created) > NODE:
            yield Alert(
                "agent-quiet",
                "warning",
                _("No agent on %(node)s hears when the node is taken.") % {"node": node.name},
                "madang.dev/unheard",
                _("Look at the spot-agent's pod there: kubectl -n madang-spot get pods -o wide"),
                since,
                fleet,
            )


def _expired_leases(now: datetime) -> Iterator[Alert]:
    late = Q(lease_until__lt=now - LATE)
    rows = chain(
        Build.objects.filter(late, state=BuildState.RUNNING),
        Rollout.objects.filter(late, state__in=AT_WORK),
        Halt.objects.filter(late).select_related("project__club"),
        Drill.objects.filter(late, state__in=OPEN),
    )
    for row in rows:
        yield Alert(
            "lease-expired",
            "error",
            _("No worker goes on with %(row)s.") % {"row": row},
            _("Its last worker was %(owner)s.") % {"owner": row.lease_owner} if row.lease_owner else "",
            _("Look whether worker-default, worker-builds and beat run, and whether Redis answers."),
            row.lease_until,
        )


def _checks() -> Iterator[Alert]:
    since = standstill()
    if since is not None:
        yield Alert(
            "prober-stands",
            "error",
            _("No project's address is checked: pages say so in place of Live and Down."),
            _("The prober has asked none for several turns."),
            _("Look whether beat and worker-default run, and whether Redis answers."),
            since,
        )


def _builds(now: datetime) -> Iterator[Alert]:
    stuck = Build.objects.filter(
        Q(state=BuildState.QUEUED, created_at__lt=now - WAITS)
        | Q(state=BuildState.RUNNING, started_at__lt=now - 2 * WAITS)
        | Q(state__in=BUILD_STATES.open, failures__gte=2)
    )
    for build in stuck.select_related("project__club").order_by("created_at")[:_SHOWN]:
        if build.failures:
            evidence = ngettext(
                "The platform failed with it %(n)d time.",
                "The platform failed with it %(n)d times.",
                build.failures,
            ) % {"n": build.failures}
        else:
            evidence = ""
        running = build.state == BuildState.RUNNING
        told = (
            _("Build %(build)s of %(project)s runs for long.")
            if running
            else _("Build %(build)s of %(project)s waits for long.")
        )
        yield Alert(
            "build-stuck",
            "warning",
            told % {"build": build.pk, "project": build.project},
            evidence,
            _("See who is before it, let it jump the queue, or cancel it."),
            build.started_at if running else build.created_at,
            reverse("operator-queue"),
        )


def _rollouts(now: datetime) -> Iterator[Alert]:
    stuck = (
        Rollout.objects.filter(state__in=ROLLOUT_STATES.open, created_at__lt=now - WAITS)
        .select_related("project__club", "release")
        .annotate(since=F("created_at"))
        .order_by("created_at")[:_SHOWN]
    )
    held = waits() if stuck else {}
    for rollout in stuck:
        told = _("Release %(number)s of %(project)s is not live yet.")
        project, wait = rollout.project, held.get(rollout.pk)
        yield Alert(
            "rollout-stuck",
            "warning",
            told % {"number": rollout.release.number, "project": project},
            wait.what if wait is not None else translated(rollout.how_far),
            _("Look at the project: its pods may wait for room."),
            rollout.created_at,
            f"/clubs/{project.club.slug}/{project.slug}",
        )


def _mails() -> Iterator[Alert]:
    failed = undelivered()
    count = failed.count()
    if not count:
        return
    newest = failed[0]
    given_up = failed.filter(state=MailState.FAILED).exists()
    yield Alert(
        "mail-undelivered",
        "error" if given_up else "warning",
        ngettext("%(n)d mail was not delivered.", "%(n)d mails were not delivered.", count) % {"n": count},
        newest.trouble,
        _("Read why, and have them sent again."),
        newest.created_at,
        reverse("operator-mail"),
    )
