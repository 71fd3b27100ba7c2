"""Whose turn comes when, fair between clubs. Pure; `portal.builds.queue` asks the database.

The next turn is a build that an operator let jump the queue, else one of the club with the fewest builds at
work, of these the one that was served longest ago. So a club's first push takes the next place that comes
free, however many another club has pushed.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count


@dataclass(frozen=True)
class Waiter:
    """A build that waits; `put_off`: for its next try, not for its turn. A larger id is a younger build."""

    build: int
    project: int
    club: int
    jumped_at: datetime | None = None
    put_off: bool = False


@dataclass(frozen=True)
class AtWork:
    """A build that runs."""

    build: int
    project: int
    club: int


@dataclass(frozen=True)
class Line:
    """The queue at one moment.

    `places` is how many builds run at once in all, `limits` how many of a club. `running` begins with what
    started first. `club_served` and `project_served` are the last starts; who is not in them was not served
    for long.
    """

    places: int
    waiting: tuple[Waiter, ...] = ()
    running: tuple[AtWork, ...] = ()
    limits: Mapping[int, int] = field(default_factory=dict)
    club_served: Mapping[int, datetime] = field(default_factory=dict)
    project_served: Mapping[int, datetime] = field(default_factory=dict)

    def limit(self, club: int) -> int:
        return self.limits.get(club, self.places)


@dataclass(frozen=True)
class Turn:
    """A build's turn; `ends` is how many builds at work end before it (0: it may start now)."""

    build: int
    ends: int


def turns(line: Line) -> Iterator[Turn]:
    """All that wait, in the order in which they are built if builds end in the order of their starts.

    What is put off comes last.
    """
    return _Play(line).turns()


def starting(line: Line) -> list[int]:
    """The builds that may start now."""
    found = []
    for turn in turns(line):
        if turn.ends:
            break
        found.append(turn.build)
    return found


# Of a club: builds at work, the rank of its last start, its next build, itself.
_Entry = tuple[int, int, int, int]


class _Play:
    """The queue played to its end."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._running = deque(line.running)
        self._of_club = Counter(each.club for each in line.running)
        self._busy = Counter(each.project for each in line.running)
        self._served = _ranks(line.club_served)
        self._tick = count(len(self._served) + 1)
        due = [each for each in line.waiting if not each.put_off]
        self._put_off = sorted(each.build for each in line.waiting if each.put_off)
        self._jumped = sorted(
            (each for each in due if each.jumped_at), key=lambda each: (_newest(each), each.build)
        )
        projects = _ranks(line.project_served)
        self._clubs: dict[int, list[Waiter]] = defaultdict(list)
        for each in sorted(due, key=lambda each: (projects.get(each.project, 0), each.build)):
            if not each.jumped_at:
                self._clubs[each.club].append(each)
        # Clubs that may be served, by whose turn it is. An entry that is not its club's head is out of date.
        self._heap: list[_Entry] = []
        self._heads: dict[int, tuple[_Entry, Waiter] | None] = {}
        for club in self._clubs:
            self._line_up(club)

    def turns(self) -> Iterator[Turn]:
        ends = 0
        left = len(self._line.waiting) - len(self._put_off)
        while left:
            chosen = self._choose() if len(self._running) < self._line.places else None
            if chosen is not None:
                self._start(chosen)
                left -= 1
                yield Turn(chosen.build, ends)
            elif self._running:
                self._end(self._running.popleft())
                ends += 1
            else:
                raise AssertionError("nothing runs and nobody may start")
        yield from (Turn(build, ends + 1) for build in self._put_off)

    def _choose(self) -> Waiter | None:
        for each in self._jumped:
            if not self._busy[each.project]:
                self._jumped.remove(each)
                return each
        while self._heap:
            entry = heapq.heappop(self._heap)
            club = entry[-1]
            head = self._heads[club]
            if head is not None and head[0] == entry:
                self._clubs[club].remove(head[1])
                return head[1]
        return None

    def _first(self, club: int) -> Waiter | None:
        """The club's next build that may start."""
        if self._of_club[club] >= self._line.limit(club):
            return None
        return next((each for each in self._clubs[club] if not self._busy[each.project]), None)

    def _line_up(self, club: int) -> None:
        first = self._first(club)
        self._heads[club] = None
        if first is not None:
            entry = (self._of_club[club], self._served.get(club, 0), first.build, club)
            heapq.heappush(self._heap, entry)
            self._heads[club] = (entry, first)

    def _start(self, chosen: Waiter) -> None:
        self._running.append(AtWork(chosen.build, chosen.project, chosen.club))
        self._of_club[chosen.club] += 1
        self._busy[chosen.project] += 1
        self._served[chosen.club] = next(self._tick)
        # Of a club's projects too, the one that was served longest ago is next.
        queued = self._clubs[chosen.club]
        queued.sort(key=lambda each: each.project == chosen.project)
        self._line_up(chosen.club)

    def _end(self, ended: AtWork) -> None:
        self._of_club[ended.club] -= 1
        self._busy[ended.project] -= 1
        self._line_up(ended.club)


def _ranks(served: Mapping[int, datetime]) -> dict[int, int]:
    """1: served longest ago; whoever is not there comes before all."""
    return {key: rank for rank, key in enumerate(sorted(served, key=lambda key: (served[key], key)), start=1)}


def _newest(waiter: Waiter) -> float:
    """The latest jump lands at the very front."""
    return -waiter.jumped_at.timestamp() if waiter.jumped_at else 0.0
