"""Why pods wait, as a person reads it: one line for all that wait for the same, told once."""

from collections.abc import Mapping
from dataclasses import dataclass, field

SETTLED_SECONDS = 5.0
"""What is over sooner, as the scheduler's first word on a new cluster, is nobody's concern."""
NAMED = 3


@dataclass(frozen=True)
class Cause:
    """Two causes are the same if `what` is: the detail may change with each try."""

    what: str
    detail: str = field(default="", compare=False)
    next: str = field(default="", compare=False)
    """What an operator does about it, best a command."""


def sentences(causes: Mapping[str, Cause]) -> list[str]:
    """Such as "git-0, postgres-0: no node, as ondemand-1 is cordoned. Next: …"; `causes` by pod."""
    waiting: dict[Cause, list[str]] = {}
    for pod, cause in sorted(causes.items()):
        waiting.setdefault(cause, []).append(pod)
    return [_sentence(pods, cause) for cause, pods in waiting.items()]


class News:
    """What of the causes is not told yet: of each pod one that has stood for a while and is not its last."""

    def __init__(self) -> None:
        self._since: dict[str, tuple[Cause, float]] = {}
        self._told: dict[str, Cause] = {}

    def tell(self, causes: Mapping[str, Cause], now: float) -> list[str]:
        """The sentences that are new at `now`, in seconds of any clock."""
        before = self._since
        self._since = {
            pod: (cause, before[pod][1] if pod in before and before[pod][0] == cause else now)
            for pod, cause in causes.items()
        }
        new = {
            pod: cause
            for pod, (cause, since) in self._since.items()
            if now - since >= SETTLED_SECONDS and self._told.get(pod) != cause
        }
        self._told.update(new)
        return sentences(new)


def _sentence(pods: list[str], cause: Cause) -> str:
    more = f" and {len(pods) - NAMED} more" if len(pods) > NAMED else ""
    detail = f": {cause.detail.rstrip('.')}" if cause.detail else ""
    return f"{', '.join(pods[:NAMED])}{more}: {cause.what}{detail}. Next: {cause.next}"
