"""Whether and when a delivery is tried again. Pure."""

from __future__ import annotations

from datetime import timedelta

# In all a day and a half: somebody else's server may be down over a night.
_WAITS_SECONDS = (10, 60, 300, 1800, 2 * 3600, 6 * 3600, 12 * 3600, 12 * 3600)
# The target is gone, or will never take it.
_FINAL = frozenset({400, 401, 403, 404, 405, 410, 411, 413, 414, 415, 422})


def wait_after(failures: int, asked_seconds: int = 0) -> timedelta | None:
    """Before the next try, after so many that failed; None: it is given up."""
    if failures > len(_WAITS_SECONDS):
        return None
    return timedelta(seconds=max(_WAITS_SECONDS[failures - 1], asked_seconds))


def is_final(status: int) -> bool:
    """Redirects too: they are not followed, so the target has to be given anew."""
    return status in _FINAL or 300 <= status < 400
