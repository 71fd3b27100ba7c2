"""A queue whose builds take as long as is written down, played event by event without a clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from portal.builds.turns import AtWork, Line, Waiter, starting, turns

START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Push:
    """At second `at` a project of a club pushes what takes `lasts` seconds to build."""

    at: int
    club: int
    project: int
    lasts: int


@dataclass
class PlayedQueue:
    """`started` and `ended` hold each build's second; a build is its push's index."""

    places: int
    pushes: Sequence[Push]
    limits: Mapping[int, int] = field(default_factory=dict)
    started: dict[int, int] = field(default_factory=dict)
    ended: dict[int, int] = field(default_factory=dict)

    def play(self) -> PlayedQueue:
        moment = min((push.at for push in self.pushes), default=0)
        for _ in range(10_000):
            self._fill(moment)
            # One end after the other, as in life, also within a second.
            for build in self.running():
                if self.started[build] + self.pushes[build].lasts <= moment:
                    self.ended[build] = moment
                    self._fill(moment)
            if len(self.ended) == len(self.pushes):
                return self
            moment = min(self._events(moment))
        raise AssertionError("it never ends")

    def _fill(self, moment: int) -> None:
        while first := starting(self.line(moment))[:1]:
            self.started[first[0]] = moment

    def line(self, moment: int) -> Line:
        waiting = [
            Waiter(build, push.project, push.club)
            for build, push in enumerate(self.pushes)
            if push.at <= moment and build not in self.started
        ]
        running = [
            AtWork(build, self.pushes[build].project, self.pushes[build].club) for build in self.running()
        ]
        clubs: dict[int, datetime] = {}
        projects: dict[int, datetime] = {}
        # The order in which they were put down is the order of their starts.
        for place, (build, second) in enumerate(self.started.items()):
            at = START + timedelta(seconds=second, milliseconds=place)
            clubs[self.pushes[build].club] = projects[self.pushes[build].project] = at
        return Line(self.places, tuple(waiting), tuple(running), self.limits, clubs, projects)

    def running(self) -> list[int]:
        return [build for build in self.started if build not in self.ended]

    def foretold(self, moment: int) -> list[int]:
        return [turn.build for turn in turns(self.line(moment))]

    def _events(self, moment: int) -> list[int]:
        ends = [self.started[build] + self.pushes[build].lasts for build in self.running()]
        return [*ends, *(push.at for push in self.pushes if push.at > moment)]
