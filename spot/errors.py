"""What can go wrong outside of the handler, in two words. Vendors' errors end at the edge."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

Item = TypeVar("Item")


class SpotError(Exception):
    """The handler's own errors; the text names the object and what to do."""


class TemporaryError(SpotError):
    """Worth another try: the API server, the cloud or the network did not do as asked just now."""


class PermanentError(SpotError):
    """Another try would end the same: an operator has to look."""


class Missing(PermanentError):
    """The object is not there (404)."""


class Denied(PermanentError):
    """The API server, or a wall of admission in front of it, does not let this be done (403, 422)."""


class Conflict(TemporaryError):
    """Somebody else wrote first (409): read again, then decide again."""


class Outdated(Conflict):
    """What a request follows from has changed before it was sent: look again."""


class NotLeading(TemporaryError):
    """This replica may not write just now: another one may lead already."""


def for_each(items: Iterable[Item], do: Callable[[Item], object]) -> None:
    """Each, whatever becomes of the others. Raises the first SpotError once all have had their turn."""
    troubles: list[SpotError] = []
    for item in items:
        try:
            do(item)
        except SpotError as error:
            troubles.append(error)
    if troubles:
        raise troubles[0]
