"""Why nothing of a project answers at an address, and what a visitor is told. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext as _


class Absence(StrEnum):
    """The values are machines' words, in the answer's header and JSON."""

    NO_PROJECT = "no-project"
    NOT_YET = "not-yet"
    STARTING = "starting"
    STOPPED = "stopped"
    UNREACHABLE = "unreachable"


# After so many seconds another look may be worth it; an address that no project has says nothing of that.
RETRY_AFTER_SECONDS = {
    Absence.NOT_YET: 300,
    Absence.STARTING: 15,
    Absence.STOPPED: 3600,
    Absence.UNREACHABLE: 60,
}


@dataclass(frozen=True)
class Words:
    """In the language that is active; `link` leads to Madang's own pages."""

    what: str
    next: str
    link: str


def absence(*, live: bool, halted: bool, suspended: bool, at_work: bool) -> Absence:
    """Of a project with no way that leads to it: whether a release is `live` for the platform, its copies
    are `halted` (or on their way back), its club is `suspended`, and a rollout is `at_work`."""
    if suspended:
        return Absence.STOPPED
    if at_work or (halted and live):
        return Absence.STARTING
    return Absence.UNREACHABLE if live else Absence.NOT_YET


def status(kind: Absence) -> int:
    return 404 if kind is Absence.NO_PROJECT else 503


def words(kind: Absence) -> Words:
    """Nothing of why: that is the club's own."""
    what, next = {
        Absence.NO_PROJECT: (
            _("There is no project at this address."),
            _("Check it for a typing mistake. The project may also have moved, or been deleted."),
        ),
        Absence.NOT_YET: (
            _("This project is not online yet."),
            _("Come back when its makers have put it online."),
        ),
        Absence.STARTING: (_("This project is just being started."), _("Load this page anew in a moment.")),
        Absence.STOPPED: (_("This project stands still for now."), _("Come back another day.")),
        Absence.UNREACHABLE: (
            _("This project cannot be reached at the moment."),
            _("Try again in some minutes."),
        ),
    }[kind]
    known = kind is not Absence.NO_PROJECT
    return Words(
        what, next, _("Is it yours? See at Madang how it is.") if known else _("See what Madang is.")
    )
