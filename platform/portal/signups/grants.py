"""What a club gets when it is let in: its budget, and presets by the size it expects."""

from __future__ import annotations

from dataclasses import dataclass

from portal.clubs.budget import Share

_GIB = 1 << 30


@dataclass(frozen=True)
class Grant:
    """`projects` is how many the club may have, `builds` how many of them are built at once."""

    share: Share
    projects: int
    builds: int


PRESETS: dict[str, Grant] = {
    "small": Grant(Share(memory_bytes=2 * _GIB, cpu_millicores=2000, pods=10), projects=5, builds=1),
    "medium": Grant(Share(memory_bytes=4 * _GIB, cpu_millicores=4000, pods=20), projects=20, builds=2),
    "large": Grant(Share(memory_bytes=8 * _GIB, cpu_millicores=8000, pods=40), projects=40, builds=3),
}
