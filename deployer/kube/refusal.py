"""What the API server's refusals mean: the client's errors become ours here and go no further."""

from __future__ import annotations

import json
import re

from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError

from deployer.errors import DeployerError, Explanation, PermanentError, TemporaryError
from deployer.sentence import Sentence

AGAIN = frozenset({408, 429, 500, 502, 503, 504})
# Forbidden for now: a namespace that is still being emptied, a quota that other builds use up.
PASSES = re.compile(r"because it is being terminated|exceeded quota")


class Missing(PermanentError):
    """The object, or the namespace it would go into, is not there (404)."""


class Conflict(TemporaryError):
    """Somebody else wrote first, or made it first (409): read again, then decide again."""


def is_transient(error: ApiException | HTTPError | OSError) -> bool:
    """Whether the same request may well pass a moment later."""
    return not isinstance(error, ApiException) or error.status in AGAIN


def translate(error: ApiException | HTTPError | OSError, doing: str) -> DeployerError:
    """Our error for the client's. `doing` is what was tried: "apply Deployment club-a/blog"."""
    if not isinstance(error, ApiException):
        return TemporaryError(
            Explanation(
                "kubernetes-unreachable",
                Sentence("The cluster's API server did not answer ({doing}).", doing=doing),
                f"{type(error).__name__}: {error}",
                "It is tried again by itself; if it stays so, look at the control plane.",
            )
        )
    evidence = f"HTTP {error.status}: {message(error)}"
    match error.status:
        case 404:
            return Missing(
                Explanation(
                    "kubernetes-missing",
                    Sentence("Not in the cluster: could not {doing}.", doing=doing),
                    evidence,
                    "An operator has to look.",
                )
            )
        case 409:
            return Conflict(
                Explanation(
                    "kubernetes-conflict",
                    Sentence("Changed meanwhile: could not {doing}.", doing=doing),
                    evidence,
                    "Try again.",
                )
            )
        case status if status in AGAIN:
            return TemporaryError(
                Explanation(
                    "kubernetes-busy",
                    Sentence("The cluster's API server could not {doing} just now.", doing=doing),
                    evidence,
                    "It is tried again by itself.",
                )
            )
        case 403 if PASSES.search(evidence):
            return TemporaryError(
                Explanation(
                    "kubernetes-no-room",
                    Sentence("The cluster could not {doing} just now.", doing=doing),
                    evidence,
                    "It is tried again by itself.",
                )
            )
        case 401 | 403:
            return PermanentError(
                Explanation(
                    "kubernetes-forbidden",
                    Sentence("The cluster does not let Madang {doing}.", doing=doing),
                    evidence,
                    "Check the role of Madang's service account and the namespace's admission policies.",
                )
            )
        case _:
            return PermanentError(
                Explanation(
                    "kubernetes-refused",
                    Sentence("The cluster refused to {doing}.", doing=doing),
                    evidence,
                    "This is Madang's mistake: please report it with the line above.",
                )
            )


def message(error: ApiException) -> str:
    """What the API server said, in one line of at most 600 characters."""
    body = error.body.decode("utf-8", "replace") if isinstance(error.body, bytes) else error.body or ""
    try:
        said = json.loads(body).get("message") or body
    except (ValueError, AttributeError):
        said = body
    return " ".join(str(said or error.reason or "").split())[:600]
