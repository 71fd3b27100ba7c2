"""`/status`: whether the platform itself does its work, for everybody to see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min, Q, Value
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from portal.builds.models import BUILD_STATES, Build, BuildState
from portal.builds.queue import pause
from portal.fleet.models import Interruption
from portal.fleet.states import InterruptionState
from portal.probing.selectors import standstill
from portal.releases.models import Rollout
from portal.releases.turns import AT_WORK

# A lease that ran out so long ago should have been taken over by the next worker's sweep.
_LATE = timedelta(minutes=2)
_LEAVING = (InterruptionState.NOTICED, InterruptionState.FENCED, InterruptionState.MOVING)


@dataclass(frozen=True)
class Part:
    """One thing that the platform does. `kind` is "success", "info", "warning" or "error"."""

    name: str
    kind: str
    words: str
    since: datetime | None = None


@dataclass(frozen=True)
class Standing:
    """All parts; `words` is the line for the home page."""

    parts: Sequence[Part]

    @property
    def kind(self) -> str:
        order = ("error", "warning")
        return next((kind for kind in order if any(part.kind == kind for part in self.parts)), "success")

    @property
    def words(self) -> str:
        worst = next((part for part in self.parts if part.kind == self.kind), None)
        if self.kind == "success" or worst is None:
            return _("Everything works.")
        return f"{worst.name}: {worst.words}"


@require_safe
def status(request: HttpRequest) -> HttpResponse:
    return render(request, "web/front/status.html", {"standing": standing()})


def standing() -> Standing:
    """How the platform stands, by what it has written down itself."""
    return Standing(
        (
            Part(_("Pages and API"), "success", _("They answer.")),
            _builds(),
            _deploys(),
            _checks(),
            _machines(),
        )
    )


def _builds() -> Part:
    name = _("Builds")
    held = pause()
    counted = Build.objects.filter(state__in=BUILD_STATES.open).aggregate(
        waiting=Count("id", filter=Q(state=BuildState.QUEUED)),
        running=Count("id", filter=Q(state=BuildState.RUNNING)),
        late=Min("lease_until", filter=Q(state=BuildState.RUNNING, lease_until__lt=Now() - Value(_LATE))),
    )
    if counted["late"] is not None:
        return Part(name, "error", _("No worker takes them."), counted["late"])
    if held is not None:
        return Part(name, "warning", _("Paused: %(why)s") % {"why": held.why}, held.begun_at)
    if not counted["waiting"] and not counted["running"]:
        return Part(name, "success", _("Nothing waits."))
    running = ngettext("%(n)d runs", "%(n)d run", counted["running"]) % {"n": counted["running"]}
    waiting = ngettext("%(n)d waits", "%(n)d wait", counted["waiting"]) % {"n": counted["waiting"]}
    return Part(name, "success", f"{running}, {waiting}.")


def _deploys() -> Part:
    name = _("Deploys")
    late = Rollout.objects.filter(state__in=AT_WORK, lease_until__lt=Now() - Value(_LATE)).aggregate(
        since=Min("lease_until")
    )["since"]
    if late is not None:
        return Part(name, "error", _("No worker takes them."), late)
    return Part(name, "success", _("They go on."))


def _checks() -> Part:
    name = _("Checks of addresses")
    since = standstill()
    if since is not None:
        return Part(name, "error", _("No project's address is checked; pages say so."), since)
    return Part(name, "success", _("They go on."))


def _machines() -> Part:
    name = _("Machines")
    leaving = Interruption.objects.filter(state__in=_LEAVING).aggregate(
        count=Count("id"), since=Min("noticed_at")
    )
    if leaving["count"]:
        words = ngettext(
            "%(n)d is being taken back; its projects move to others.",
            "%(n)d are being taken back; their projects move to others.",
            leaving["count"],
        ) % {"n": leaving["count"]}
        return Part(name, "info", words, leaving["since"])
    return Part(name, "success", _("None is being taken back."))
