"""How a project is, in one word and one sentence. Pure: `portal.projects.facts` reads what it decides on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.utils.translation import gettext as _

from deployer.errors import Explanation

State = Literal["live", "deploying", "failed", "empty", "down", "unchecked", "suspended"]


@dataclass(frozen=True)
class Serving:
    """The live release."""

    number: int
    since: datetime


@dataclass(frozen=True)
class Work:
    """What is on its way: a build or a rollout that waits or runs, or the way back of a halted project.

    `number` is the build's or the release's.

    `progress` is how far it is, as its worker last told; of what waits for its turn, why it waits.
    """

    kind: Literal["queued", "building", "waiting", "rolling-out", "taking-back", "resuming"]
    number: int
    since: datetime
    progress: str = ""


@dataclass(frozen=True)
class Ending:
    """How the newest change ended, if not well: a build (then `release` is None) or a rollout."""

    at: datetime
    explanation: Explanation
    build: int | None = None
    release: int | None = None


@dataclass(frozen=True)
class Outage:
    """The live release does not answer: since when, and what was seen."""

    since: datetime
    explanation: Explanation


@dataclass(frozen=True)
class Unchecked:
    """Nobody has looked at the live release's address since then; `prober_stands`: nor at any other."""

    since: datetime
    answered: bool
    prober_stands: bool


@dataclass(frozen=True)
class Suspended:
    """The club is suspended: since when, and an operator's word why. `stopped`: no copy is wanted."""

    since: datetime
    why: str
    stopped: bool = True


@dataclass(frozen=True)
class Facts:
    """What is known of a project at one moment. `ending` is newer than what is live, else None. With
    `unchecked` an `outage` is as old as that."""

    created_at: datetime
    live: Serving | None = None
    work: Work | None = None
    ending: Ending | None = None
    outage: Outage | None = None
    unchecked: Unchecked | None = None
    suspended: Suspended | None = None


@dataclass(frozen=True)
class Standing:
    """`reason` is a machine's word; the texts are for a person, in the language that is active."""

    state: State
    reason: str
    sentence: str
    evidence: str
    since: datetime
    next: str

    @property
    def label(self) -> str:
        """The state as a word."""
        return {
            "live": _("Live"),
            "deploying": _("Deploying"),
            "failed": _("Failed"),
            "empty": _("Nothing pushed yet"),
            "down": _("Down"),
            "unchecked": _("Not checked"),
            "suspended": _("Suspended"),
        }[self.state]


def standing(facts: Facts) -> Standing:
    """A suspension is told first, then what is on its way, what nobody knows, what does not answer, and what
    is live."""
    if facts.suspended is not None:
        return _suspended(facts.suspended, facts.live)
    if facts.work is not None:
        return _deploying(facts, facts.work)
    if facts.live is not None and facts.unchecked is not None:
        return _unchecked(facts.live, facts.unchecked)
    if facts.live is not None and facts.outage is not None:
        return _down(facts.live, facts.outage)
    if facts.live is not None:
        return _live(facts.live, facts.ending)
    if facts.ending is not None:
        told = facts.ending.explanation
        return Standing("failed", told.reason, told.what, told.evidence, facts.ending.at, told.next)
    return Standing(
        "empty",
        "never-pushed",
        _("This project waits for its first push."),
        "",
        facts.created_at,
        _("Push your code with the commands below; this page notices by itself."),
    )


def _suspended(suspended: Suspended, live: Serving | None) -> Standing:
    sentence = _("An operator has suspended the club.")
    if live is None:
        meanwhile = _("Nothing of this project runs.")
    elif suspended.stopped:
        meanwhile = _("Release %(number)d stands still; nothing of it is lost.") % {"number": live.number}
    else:
        meanwhile = _("Release %(number)d is being stopped; nothing of it is lost.") % {"number": live.number}
    return Standing(
        "suspended",
        "club-suspended",
        f"{sentence} {meanwhile}",
        suspended.why,
        suspended.since,
        _("Talk to the operators. What was live comes back by itself when the club is resumed."),
    )


def _deploying(facts: Facts, work: Work) -> Standing:
    doing = {
        "queued": _("Build %(number)d waits for its turn."),
        "building": _("Build %(number)d is being built."),
        "waiting": _("Release %(number)d waits for its turn."),
        "rolling-out": _("Release %(number)d is being rolled out."),
        "taking-back": _("Release %(number)d did not come up and is being taken back."),
        "resuming": _("The club is resumed, and release %(number)d is being started again."),
    }[work.kind] % {"number": work.number}
    evidence = work.progress
    if work.kind == "resuming":
        meanwhile = _("Until then the address does not answer.")
    elif facts.live is not None and facts.unchecked is not None:
        meanwhile = _("Whether release %(number)d answers until then was not checked lately.") % {
            "number": facts.live.number
        }
    elif facts.outage is not None and facts.live is not None:
        meanwhile = _("Until then the address does not answer.")
        evidence = "\n".join(line for line in (work.progress, facts.outage.explanation.what) if line)
    elif facts.live is not None:
        meanwhile = _("Release %(number)d serves until then.") % {"number": facts.live.number}
    else:
        meanwhile = ""
    return Standing(
        "deploying",
        work.kind,
        f"{doing} {meanwhile}".strip(),
        evidence,
        work.since,
        _("Nothing is to be done; this page shows how it goes on."),
    )


def _unchecked(live: Serving, unchecked: Unchecked) -> Standing:
    """An old answer is no news: it is told as what it is."""
    if unchecked.prober_stands:
        reason, why = "prober-stands", _("The platform's check of all addresses stands still.")
    else:
        reason, why = "check-late", _("The platform's check has left this address out for several turns.")
    before = _("It answered when it was last asked.") if unchecked.answered else _("It did not answer then.")
    return Standing(
        "unchecked",
        reason,
        _("Release %(number)d went live; whether its address answers now is not known.")
        % {"number": live.number},
        f"{why} {before}",
        unchecked.since,
        _("Not your code: an operator sees it, too. Open the address to see how it is."),
    )


def _down(live: Serving, outage: Outage) -> Standing:
    told = outage.explanation
    return Standing("down", told.reason, told.what, told.evidence, outage.since, told.next)


def _live(live: Serving, ending: Ending | None) -> Standing:
    sentence = _("Release %(number)d is live.") % {"number": live.number}
    if ending is None:
        return Standing("live", "answering", sentence, "", live.since, "")
    told = ending.explanation
    what = "\n".join(line for line in (told.what, told.evidence) if line)
    failed = _("The change after it failed, and nothing of it is online.")
    return Standing("live", f"live-after-{told.reason}", f"{sentence} {failed}", what, live.since, told.next)
