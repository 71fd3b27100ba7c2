"""What is said of a build or a rollout that the platform failed, and not the student."""

from __future__ import annotations

from deployer.errors import Explanation
from deployer.sentence import Sentence, joined
from portal.environment import environment

# An attempt for each node that was lost.
MOST_NODES = 20

WORKERS_DIED = Explanation("worker-died", "The worker died each time.", "", "")
BROKEN = Explanation("internal-error", "The platform made a mistake of its own.", "", "")


def tried_again(trouble: Explanation, failures: int) -> Sentence:
    """`failures` are those before this one."""
    return Sentence(
        "{trouble} It is tried again by itself (try {number} of {most}).",
        trouble=_not_yours(trouble.what),
        number=failures + 2,
        most=environment().attempts,
    )


def begun_elsewhere(trouble: Explanation) -> Sentence:
    """Its node was taken away."""
    return Sentence("{trouble} It starts again on another machine.", trouble=_not_yours(trouble.what))


def gave_up(trouble: Explanation, tries: int, *, built: bool = False) -> Explanation:
    """The platform has failed too often; `built`: at what comes after the build."""
    return Explanation(
        trouble.reason,
        Sentence("The platform failed {count} times; this is not your code's fault.", count=tries),
        joined("\n", (line for line in (Sentence.of(trouble.what), trouble.evidence) if line)),
        "Push again later; if it stays so, tell the operator the lines above."
        if built
        else "Build it again later: madang rebuild. If it stays so, tell the operator the lines above.",
    )


def _not_yours(what: str) -> Sentence:
    """A sentence that a student cannot take for one on their code."""
    told = Sentence.of(what)
    return told if what.startswith("Not your code") else Sentence("Not your code: {what}", what=told)
