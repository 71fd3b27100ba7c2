"""How far ahead something may be announced: the daemon's rule, and what commands say of a wrong number."""

from argparse import ArgumentTypeError
from collections.abc import Callable

LONGEST_NOTICE_SECONDS = 86_400
LONGEST_PLAN_SECONDS = 30 * 86_400


def seconds(longest: float) -> Callable[[str], float]:
    """The type of an argument: seconds from 0 to `longest`."""

    def read(text: str) -> float:
        try:
            given = float(text)
        except ValueError:
            given = -1
        if not 0 <= given <= longest:  # "nan" is neither
            raise ArgumentTypeError(f"{text!r} is no number of seconds from 0 to {longest:.0f}")
        return given

    return read
