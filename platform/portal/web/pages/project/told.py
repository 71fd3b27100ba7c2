"""What happened, in sentences for the page's timeline."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.accounts.actors import Actor, actors
from portal.projects.history import Answer, Change, Deed, Happening, Move
from portal.projects.models import Project
from portal.web.pages.club.words import called

_COLOURS = {"open": "info", "succeeded": "success", "failed": "error"}


@dataclass(frozen=True)
class Event:
    """As the timeline component takes it."""

    at: datetime
    title: str
    text: str
    kind: str
    href: str


def events(project: Project, happenings: Iterable[Happening]) -> list[Event]:
    """The names of all actors are looked up together."""
    rows = list(happenings)
    known = actors(row.by for row in rows if isinstance(row, Change | Deed) and row.by)
    return [_event(project, row, known) for row in rows]


def _event(project: Project, row: Happening, known: Mapping[str, Actor]) -> Event:
    if isinstance(row, Move):
        return Event(row.at, _moved(row), _gap(row), "warning" if row.gap_seconds else "neutral", "")
    if isinstance(row, Answer):
        title = _("The address answers") if row.ok else _("The address ceased to answer")
        return Event(row.at, title, row.what, "success" if row.ok else "error", "")
    who = called(known[row.by]) if row.by in known else _("Madang")
    if isinstance(row, Deed):
        return Event(row.at, _deed(row, who), "", "neutral", "")
    return Event(
        row.at, _began(row, who), _ended(row), _COLOURS.get(row.state, "neutral"), href(project, row)
    )


def href(project: Project, change: Change) -> str:
    """Where the change is shown: what was built for it as its build, all else as its release."""
    if change.kind in ("push", "rebuild") and change.build is not None:
        return reverse("project-build", args=[project.club.slug, project.slug, change.build])
    if change.release is not None:
        return reverse("project-release", args=[project.club.slug, project.slug, change.release])
    return ""


def _began(change: Change, who: str) -> str:
    facts = {"who": who, "commit": change.commit[:7], "release": change.release, "build": change.build}
    pattern = {
        "push": _("%(who)s pushed commit %(commit)s"),
        "rebuild": _("%(who)s had commit %(commit)s built again"),
        "rollback": _("%(who)s rolled back: release %(release)s"),
        "config": _("%(who)s changed variables: release %(release)s"),
        "redeploy": _("%(who)s deployed build %(build)s again: release %(release)s"),
        "restart": _("%(who)s restarted the project: release %(release)s"),
        "scale": _("%(who)s changed the size: release %(release)s"),
        "address": _("%(who)s changed the address: release %(release)s"),
    }[change.kind]
    return pattern % facts


def _ended(change: Change) -> str:
    if change.state == "succeeded":
        return _("Release %(number)s went live after %(time)s.") % {
            "number": change.release,
            "time": duration(change.seconds),
        }
    if change.state == "open":
        return _("Under way.")
    return change.what or state_word(change.state)


def _moved(move: Move) -> str:
    return ngettext(
        "The machine %(node)s was taken away; %(count)d copy moved",
        "The machine %(node)s was taken away; %(count)d copies moved",
        move.copies,
    ) % {"node": move.node, "count": move.copies}


def _gap(move: Move) -> str:
    if move.gap_seconds is None:
        return _("Whether visitors noticed is not known yet.")
    if move.gap_seconds == 0:
        return _("No visitor noticed.")
    return _("No copy answered for %(seconds).1f s.") % {"seconds": move.gap_seconds}


def _deed(deed: Deed, who: str) -> str:
    names = ", ".join(map(str, deed.detail.get("names", [])[:4]))
    facts = {
        "who": who,
        "names": names,
        "new": deed.detail.get("new", ""),
        "action": deed.action.replace("_", " "),
    }
    pattern = {
        "create_project": _("%(who)s made the project"),
        "set_deploy_branch": _("%(who)s chose the branch %(new)s for deploys"),
        "set_config": _("%(who)s changed variables: %(names)s"),
        "change_subdomain": _("%(who)s changed the address to %(new)s"),
        "suspend_club": _("%(who)s suspended the club"),
        "resume_club": _("%(who)s resumed the club"),
        "reveal_config": _("%(who)s looked at the values of %(names)s"),
    }.get(deed.action, "%(who)s: %(action)s")
    return pattern % facts


def state_word(state: str) -> str:
    """A state of a build, a release, a rollout or a log."""
    return {
        "open": _("Under way"),
        "queued": _("Waiting"),
        "running": _("Running"),
        "succeeded": _("Succeeded"),
        "failed": _("Failed"),
        "cancelled": _("Cancelled"),
        "superseded": _("Replaced by a newer one"),
        "pending": _("Waiting"),
        "rolling_out": _("Being rolled out"),
        "live": _("Live"),
        "retired": _("Retired"),
    }.get(state, state)


def duration(seconds: float | None) -> str:
    """ "1 min 5 s"; a dash for none."""
    if seconds is None:
        return "–"
    minutes, rest = divmod(round(seconds), 60)
    if minutes >= 60:
        return _("%(hours)d h %(minutes)d min") % {"hours": minutes // 60, "minutes": minutes % 60}
    if minutes:
        return _("%(minutes)d min %(seconds)d s") % {"minutes": minutes, "seconds": rest}
    return _("%(seconds)d s") % {"seconds": rest}
