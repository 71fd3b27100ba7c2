"""How long to wait after trouble: longer each time, and never the same for two, or nodes come in step."""

from __future__ import annotations

import random


def pause_seconds(failures: int, first_seconds: float, longest_seconds: float) -> float:
    """After `failures` in a row (1 or more): from half to all of `first_seconds` * 2^(failures - 1)."""
    whole = min(longest_seconds, first_seconds * 2.0 ** min(failures - 1, 30))
    return random.uniform(whole / 2, whole)  # noqa: S311 - against step, not against guessing
