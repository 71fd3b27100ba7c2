"""Who may report: whoever holds a key of MADANG_SPOT_REPORT_KEY (spot.signing is the other side)."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence

from deployer.sentence import Sentence
from portal.problems import Problem, problem

CLOCK_SECONDS = 300
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_SIGNATURE = re.compile(r"v1=([0-9a-f]{64})")
_HOW = "Sign as docs/architecture.md (Interruptions) says, with the newest key of MADANG_SPOT_REPORT_KEY."


def check_time(timestamp: str, now: float) -> None:
    """Raises Problem unless the report was signed within five minutes of the portal's clock."""
    if not _TIMESTAMP.fullmatch(timestamp):
        raise _refused("The report carries no X-Madang-Timestamp in whole unix seconds.", _HOW)
    late = now - int(timestamp)
    if abs(late) > CLOCK_SECONDS:
        which = "behind" if late > 0 else "ahead of"
        raise problem(
            401,
            "report-out-of-time",
            Sentence(
                "The report was signed more than {minutes} minutes from now.", minutes=CLOCK_SECONDS // 60
            ),
            "Set both machines' clocks (NTP), and sign anew for every try.",
            f"its time is {abs(late):.0f} s {which} the portal's",
        )


def check_signature(
    keys: Sequence[str], signature: str, *, timestamp: str, method: str, path: str, body: bytes
) -> None:
    """Raises Problem unless one of the keys made the signature over exactly this request."""
    if not keys:
        raise problem(
            503,
            "no-report-key",
            "This portal takes no reports: MADANG_SPOT_REPORT_KEY is not set.",
            "Put a key into the platform's Secret (docs/operators.md, Your own cluster), restart the portal.",
        )
    given = _SIGNATURE.fullmatch(signature)
    if given is None:
        raise _refused("The report carries no X-Madang-Signature of the form v1=<64 hex digits>.", _HOW)
    message = f"{timestamp}.{method}.{path}.".encode() + body
    # All keys, whichever fits: the time tells nothing about which.
    fits = [
        hmac.compare_digest(hmac.digest(key.encode(), message, hashlib.sha256).hex(), given[1])
        for key in keys
    ]
    if not any(fits):
        raise _refused(
            "The report's signature fits none of the portal's keys, or it was changed on its way.", _HOW
        )


def _refused(what: str, next: str) -> Problem:
    return problem(401, "signature-refused", what, next)
