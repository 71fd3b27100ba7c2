"""An event as a message: one line, some more, and where to look. In the language that is active."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.fleet.reasons import in_words
from portal.notifications.models import EventKind
from portal.plain_names import without_links
from portal.translating import explained


@dataclass(frozen=True)
class Told:
    """What is known of an event: the club's and the project's names are empty where there are none."""

    kind: str
    at: datetime
    club: str
    project: str
    data: Mapping[str, Any]

    @property
    def where(self) -> str:
        return "/".join(name for name in (self.club, self.project) if name)


@dataclass(frozen=True)
class Message:
    """`good`: nobody has to do anything. `path` is the page's, on the portal."""

    title: str
    lines: tuple[str, ...]
    path: str
    good: bool = False

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


def message(told: Told) -> Message:
    return _MESSAGES[told.kind](told)


def _failed(told: Told) -> Message:
    why = explained({"reason": told.kind, "what": "", **told.data})
    return Message(
        _("The deploy of %(project)s failed") % {"project": told.where},
        tuple(line for line in (why.what, why.evidence, why.next) if line),
        _page(told),
    )


def _live(told: Told) -> Message:
    number = told.data.get("release")
    release = _("Release %(number)s answers at %(url)s") % {"number": number, "url": told.data.get("url", "")}
    return Message(_("%(project)s is live") % {"project": told.where}, (release,), _page(told), good=True)


def _gap(told: Told) -> Message:
    seconds = round(float(told.data.get("seconds", 0)))
    what = ngettext(
        "Its machine was taken away, and visitors found nothing for %(count)d second.",
        "Its machine was taken away, and visitors found nothing for %(count)d seconds.",
        max(1, seconds),
    ) % {"count": max(1, seconds)}
    why = str(told.data.get("reason", ""))
    lines = (
        what,
        _("Why: %(why)s") % {"why": in_words(why)} if why else "",
        _("Not your code; it serves again from another machine."),
    )
    return Message(
        _("%(project)s was away for a moment") % {"project": told.where},
        tuple(line for line in lines if line),
        _page(told),
    )


def _budget(told: Told) -> Message:
    used = {"memory": _("memory"), "cpu": _("CPU"), "pods": _("copies")}
    lines = tuple(
        _("%(what)s: %(percent)d %% in use") % {"what": word, "percent": int(told.data[key])}
        for key, word in used.items()
        if key in told.data
    )
    more = _("Delete what nobody needs, ask for less, or ask the operator for a larger budget.")
    title = _("The budget of %(club)s is nearly used up") % {"club": told.club}
    return Message(title, (*lines, more), f"/clubs/{told.club}/budget")


def _suspension(told: Told) -> Message:
    path = f"/clubs/{told.club}"
    if told.data.get("over"):
        title = _("%(club)s is resumed") % {"club": told.club}
        return Message(title, (_("What was live is being started again by itself."),), path, good=True)
    title = _("%(club)s is suspended") % {"club": told.club}
    what = _("Its projects stand still, and nothing can be pushed. Nothing of its data is lost.")
    return Message(title, (str(told.data.get("why", "")), what), path)


def _request(told: Told) -> Message:
    name = without_links(str(told.data.get("name", "")))
    if told.data.get("what") == "budget":
        title = _("%(club)s asks for a larger budget") % {"club": name}
    else:
        title = _("%(club)s wants to join") % {"club": name}
    return Message(title, (_("It waits for an operator."),), "/operator")


def _test(told: Told) -> Message:
    title = _("A test from Madang")
    return Message(title, (_("If you can read this, messages arrive here."),), "/", good=True)


def _page(told: Told) -> str:
    return f"/clubs/{told.club}/{told.project}"


_MESSAGES: dict[str, Callable[[Told], Message]] = {
    EventKind.DEPLOY_FAILED: _failed,
    EventKind.LIVE: _live,
    EventKind.GAP: _gap,
    EventKind.BUDGET: _budget,
    EventKind.SUSPENSION: _suspension,
    EventKind.REQUEST: _request,
    EventKind.TEST: _test,
}
