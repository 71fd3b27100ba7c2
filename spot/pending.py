"""Which record is reported next: the newest of each interruption, those that fail behind the others. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from spot.backoff import pause_seconds
from spot.reporting import Record

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0
# A refused report may be taken once an operator has put the key or the clock right.
REFUSED_PAUSE_SECONDS = 300.0

Pause = Callable[[int, float, float], float]


@dataclass
class _Waiting:
    record: Record
    due: float
    failures: int = 0
    refused: bool = False

    @property
    def revision(self) -> int:
        return int(self.record["revision"])


class Pending:
    """Records that the portal does not have yet, in the order in which their interruptions came."""

    def __init__(self, pause: Pause = pause_seconds) -> None:
        self._waiting: dict[str, _Waiting] = {}
        self._pause = pause

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, record: Record, now: float) -> bool:
        """Take the record unless one of the same or a later revision waits; says whether it was taken."""
        known = self._waiting.get(record["id"])
        if known is None:
            self._waiting[record["id"]] = _Waiting(record, now)
            return True
        if int(record["revision"]) <= known.revision:
            return False
        known.record = record
        if known.refused:
            # What was wrong with the last one may not be wrong with this one.
            known.due, known.failures, known.refused = now, 0, False
        return True

    def next(self, now: float) -> Record | None:
        """The first that is due."""
        return next((one.record for one in self._waiting.values() if one.due <= now), None)

    def all(self) -> list[Record]:
        return [one.record for one in self._waiting.values()]

    def wait_seconds(self, now: float) -> float | None:
        """Until `next` has something; None while there is nothing."""
        return min((max(0.0, one.due - now) for one in self._waiting.values()), default=None)

    def delivered(self, record: Record) -> None:
        """The portal has it; a later revision that came meanwhile is the next."""
        known = self._waiting.get(record["id"])
        if known is None:
            return
        if known.revision <= int(record["revision"]):
            del self._waiting[record["id"]]
        else:
            known.failures, known.refused = 0, False

    def failed(self, record: Record, now: float, *, refused: bool) -> float:
        """It has to wait; the seconds."""
        known = self._waiting[record["id"]]
        known.failures += 1
        # A later one that came during the try is not what was refused.
        known.refused = refused and known.revision == int(record["revision"])
        if known.refused:
            seconds = self._pause(1, REFUSED_PAUSE_SECONDS, REFUSED_PAUSE_SECONDS)
        else:
            seconds = self._pause(known.failures, FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS)
        known.due = now + seconds
        return seconds
