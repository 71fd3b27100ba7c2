"""The lines of a container's log, as the kubelet stamps them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

# A program may print for hours without a line break, and the kubelet hands on all of it as one line.
MOST_LINE_BYTES = 64 << 10


@dataclass(frozen=True)
class ContainerLine:
    """One line and when the node saw it (UTC, cut to microseconds)."""

    at: datetime
    text: str


def whole_lines(chunks: Iterable[bytes]) -> Iterator[str]:
    """The lines that the chunks hold; of a line longer than `MOST_LINE_BYTES` the rest is left out."""
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        yield from (line.decode("utf-8", "replace") for line in whole)
        rest = rest[:MOST_LINE_BYTES]
    if rest:
        yield rest.decode("utf-8", "replace")


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
