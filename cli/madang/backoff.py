"""How long to wait before asking again."""

import random

_FIRST_SECONDS = 0.5
_LONGEST_SECONDS = 15.0


def pause_seconds(attempt: int, spread: float | None = None) -> float:
    """Doubles from half a second up to 15 s for attempt 0, 1, 2…; spread in [0, 1) keeps clients apart."""
    share = random.random() if spread is None else spread  # noqa: S311 - not a secret
    longest: float = min(_LONGEST_SECONDS, _FIRST_SECONDS * 2.0**attempt)
    return longest * (0.5 + share / 2)
