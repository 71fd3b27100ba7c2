"""The lines of a container's log, as the kubelet stamps them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True)
class ContainerLine:
    """One line and when the node saw it (UTC, cut to microseconds)."""

    at: datetime
    text: str


def parse_line(line: str) -> ContainerLine:
    """Read "2026-01-02T03:04:05.123456789Z text"; what has no stamp (the kubelet's words) gets the epoch."""
    stamp, _, text = line.partition(" ")
    try:
        return ContainerLine(datetime.fromisoformat(stamp), text.rstrip("\r"))
    except ValueError:
        return ContainerLine(datetime.fromtimestamp(0, UTC), line)


def since_time(moment: datetime) -> str:
    """A moment as `sinceTime` takes it: whole seconds, rounded down."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
