"""Where fetches go on whose client reads slowly: beside the turns, so that they keep nobody from theirs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, eq=False)
class Seat:
    """`leave` is called when another one gets it; it must not wait."""

    club: str
    leave: Callable[[], None]


class Seats:
    """At most `count`. Who comes when none is free gets that of the club with the most, of these the last
    that was taken, as it has come least far: it may be the newcomer itself. So clubs take none from one that
    has fewer, however many they are."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._taken: list[Seat] = []

    def take(self, seat: Seat) -> None:
        self._taken.append(seat)
        if len(self._taken) <= self._count:
            return
        of_clubs = Counter(each.club for each in self._taken)
        most = max(of_clubs.values())
        last = next(each for each in reversed(self._taken) if of_clubs[each.club] == most)
        self._taken.remove(last)
        last.leave()

    def give_back(self, seat: Seat) -> None:
        """Harmless for one that was lost."""
        if seat in self._taken:
            self._taken.remove(seat)
