"""Fencing numbers that the cluster compares."""

from __future__ import annotations


def next_fence(last: int, now_seconds: float) -> int:
    """Larger than the last, and than any that a database restored from a backup has forgotten."""
    return max(last + 1, int(now_seconds))
