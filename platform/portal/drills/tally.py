"""What one project's visitors meet, from the outcomes of single requests. Pure."""

from __future__ import annotations

import heapq
from collections import Counter
from dataclasses import dataclass, field


@dataclass(frozen=True, order=True)
class Outcome:
    """One request: when it was sent and how long it took, in seconds since the order (before it: below 0).

    `trouble` is empty for an answer, else what went wrong in a word.
    """

    at: float
    took: float
    trouble: str


@dataclass
class Tally:
    """Requests end in another order than they were sent in: `settle` counts those that are surely complete.

    A gap is from the sending of the first request that failed to the sending of the next that was answered.
    """

    requests: int = 0
    failures: int = 0
    longest_gap: float = 0.0
    slowest: float = 0.0
    seconds: dict[int, list[int]] = field(default_factory=dict)
    reasons: Counter[str] = field(default_factory=Counter)
    _waiting: list[Outcome] = field(default_factory=list)
    _gap_since: float | None = None

    def take(self, outcome: Outcome) -> None:
        heapq.heappush(self._waiting, outcome)

    def settle(self, until: float) -> None:
        """Counts what was sent before `until`: nothing that was is still on its way."""
        while self._waiting and self._waiting[0].at < until:
            self._count(heapq.heappop(self._waiting))

    def end(self, at: float) -> None:
        """Nothing more comes: what is still a gap lasts until now."""
        self.settle(float("inf"))
        if self._gap_since is not None:
            self.longest_gap = max(self.longest_gap, at - self._gap_since)

    def _count(self, outcome: Outcome) -> None:
        self.requests += 1
        bucket = self.seconds.setdefault(int(outcome.at // 1), [0, 0])
        bucket[0] += 1
        if not outcome.trouble:
            self.slowest = max(self.slowest, outcome.took)
            if self._gap_since is not None:
                self.longest_gap = max(self.longest_gap, outcome.at - self._gap_since)
                self._gap_since = None
            return
        self.failures += 1
        bucket[1] += 1
        self.reasons[outcome.trouble] += 1
        if self._gap_since is None:
            self._gap_since = outcome.at
        self.longest_gap = max(self.longest_gap, outcome.at - self._gap_since)
