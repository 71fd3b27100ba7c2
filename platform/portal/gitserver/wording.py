"""What a pusher reads beside the log itself, in the language that is active: short, calm, without colours."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from deployer.errors import Explanation
from deployer.sentence import Sentence
from portal.translating import explained

SECTION = "-----> "
UNDER = "       "

# Escape sequences (colours, cursor) and control characters would play with the pusher's terminal.
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def section(text: str) -> str:
    return SECTION + text


def under(*lines: str) -> str:
    return "\n".join(UNDER + line for line in lines)


@dataclass(frozen=True)
class Entry:
    """A log entry as a pusher's terminal gets it."""

    kind: str
    at: datetime
    text: str


def entries(new: Sequence[Entry], before: Entry | None) -> str:
    """The platform's own words open a section; what it says in the same breath, and what builds and
    rollouts say, stands under it. `before` is the entry that was shown last."""
    lines = []
    for entry in new:
        text = plain(entry.text)
        same_breath = before is not None and (before.kind, before.at) == (entry.kind, entry.at)
        opens = entry.kind == "platform" and not same_breath and text and not text[0].isspace()
        lines.append(section(text) if opens else under(text).rstrip())
        before = entry
    return "\n".join(lines)


def plain(text: str) -> str:
    """One printable line: of a line that was overwritten (progress bars) only its last state."""
    last = next((part for part in reversed(text.rstrip("\r\n").split("\r")) if part.strip()), "")
    return _CONTROLS.sub("", _ESCAPES.sub("", last)).expandtabs(4).rstrip()


def refusal(explanation: Explanation) -> str:
    """Why a push was refused before it was accepted."""
    first, *rest = explained(explanation).lines()
    return _paragraph(_("Refused: %(what)s") % {"what": first}, *rest)


def trouble(explanation: Explanation) -> str:
    """What the platform did wrong."""
    return _paragraph(*explained(explanation).lines())


def _paragraph(first: str, *rest: str) -> str:
    """What it quotes (a file's name, a line of it) opens no section and does nothing to the terminal."""
    head, *more = (plain(line) for text in (first, *rest) for line in text.split("\n"))
    return "\n".join(["", section(head), *([under(*more)] if more else []), ""])


def kept(tags: Sequence[str]) -> str:
    return section(_("Kept: %(tags)s. Tags are not deployed.") % {"tags": ", ".join(tags[:5])})


def attach() -> str:
    return under(_("Lost the connection? See the rest with:  madang attach"))


def still(queued: bool, seconds: float) -> str:
    """Said while nothing else is."""
    told = _("... waiting (%(time)s)") if queued else _("... still working (%(time)s)")
    return under(told % {"time": duration(seconds)})


def duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    if not minutes:
        return _("%(seconds)s s") % {"seconds": rest}
    return _("%(minutes)s min %(seconds)s s") % {"minutes": minutes, "seconds": f"{rest:02d}"}


def live(url: str) -> str:
    return _paragraph(_("Live: %(url)s") % {"url": url})


def restarting(*, accepted: bool) -> str:
    if accepted:
        return _paragraph(
            _("The git server is restarting; your deploy goes on."),
            _see(),
            _("Once it is live, this push counts as done: do not push again."),
        )
    return _paragraph(_("The git server is restarting; nothing was deployed."), _("Push again in a minute."))


def last_words() -> dict[str, str]:
    """What a hook says when the server does not answer any more, by what it has heard of its push until then;
    `restarting` is what becomes of a branch."""
    return {
        "accepted": restarting(accepted=True),
        "nothing": restarting(accepted=False),
        "restarting": _("the platform is restarting"),
    }


def platform_trouble(reference: str) -> Explanation:
    return Explanation(
        "platform-failure",
        "Not your code: the platform had a problem with this push. Nothing was deployed.",
        Sentence("reference {reference}", reference=reference),
        "Push again in a minute. If it stays, tell an operator the reference.",
    )


def lost_sight(reference: str) -> Explanation:
    return Explanation(
        "lost-sight",
        "Not your code: the git server lost sight of this deploy.",
        Sentence("reference {reference}", reference=reference),
        "See how it goes with:  madang attach",
    )


def database_away() -> str:
    return _paragraph(
        _("The platform's database does not answer; your deploy goes on when it is back."), _see()
    )


def _see() -> str:
    return _("See it with:  madang attach")
