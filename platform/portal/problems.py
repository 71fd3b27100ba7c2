"""What the portal refuses, each with its HTTP status and an explanation."""

from __future__ import annotations

from enum import StrEnum
from math import ceil

from deployer.errors import Explanation, UserError
from deployer.sentence import Sentence


class Problem(UserError):
    """A request that is refused. `status` is HTTP's; the explanation is for whoever asked."""

    def __init__(self, status: int, explanation: Explanation) -> None:
        super().__init__(explanation)
        self.status = status


class Action(StrEnum):
    """What may be done only so often."""

    MAKE_RELEASE = "make-release"
    FOLLOW_LOGS = "follow-logs"
    APPLY = "apply"
    INVITE = "invite"
    CONFIRM_ADDRESS = "confirm-address"
    TEST_CHANNEL = "test-channel"


class Limited(Problem):
    """An action that was done too often for now: nothing was changed, and the same works after the wait."""

    def __init__(self, action: Action, wait_seconds: float, explanation: Explanation) -> None:
        super().__init__(429, explanation)
        self.action = action
        self.retry_after_seconds = max(1, ceil(wait_seconds))


def problem(status: int, reason: str, what: str, next: str, evidence: str = "") -> Problem:
    return Problem(status, Explanation(reason, what, evidence, next))


def unauthorized() -> Problem:
    return problem(
        401,
        "key-refused",
        "The access key is missing, mistyped, expired or revoked.",
        "Send `Authorization: Bearer mdg_…` with a valid key; a club owner can make one.",
    )


def not_found(what: Sentence) -> Problem:
    """The same for what is not there and for what the asker may not see."""
    return problem(
        404,
        "not-found",
        Sentence("There is no {what}, or this key may not see it.", what=what),
        "Check the name and the key.",
    )


def forbidden(scope: str) -> Problem:
    return problem(
        403,
        "scope-missing",
        Sentence(
            "This key may not do that: the scope `{scope}` is missing, or the key is for another project.",
            scope=scope,
        ),
        "Use a key with that scope; a club owner can make one.",
    )


def invalid(reason: str, what: str, next: str, evidence: str = "") -> Problem:
    return problem(422, reason, what, next, evidence)


def conflict(reason: str, what: str, next: str, evidence: str = "") -> Problem:
    return problem(409, reason, what, next, evidence)
