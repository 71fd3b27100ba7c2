"""How long a mail is tried: pure."""

from __future__ import annotations

import smtplib
from datetime import timedelta

# RFC 5321, 4.5.4.1: a sender gives up after four to five days.
PATIENCE = timedelta(days=4)
_FIRST_WAIT_SECONDS = 30
_LONGEST_WAIT_SECONDS = 3600


def wait_after(failures: int) -> timedelta:
    """Before the next try, after so many that failed: 30 s, 1 min, 2 min, … at most an hour."""
    return timedelta(seconds=min(_FIRST_WAIT_SECONDS * 2 ** min(failures - 1, 10), _LONGEST_WAIT_SECONDS))


def is_final(error: Exception) -> bool:
    """Whether the server will never take this mail: it refused the recipient for good (5yz, RFC 5321)."""
    if not isinstance(error, smtplib.SMTPRecipientsRefused):
        return False
    return all(500 <= code < 600 for code, _ in error.recipients.values())


def told(error: Exception) -> str:
    """The trouble in the server's own words, for the operator."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        answers = (f"{code} {_text(answer)}" for code, answer in error.recipients.values())
        return f"the recipient was refused: {'; '.join(answers)}"[:500]
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_text(error.smtp_error)}"[:500]
    return f"{type(error).__name__}: {error}"[:500]


def _text(answer: bytes | str) -> str:
    return answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
