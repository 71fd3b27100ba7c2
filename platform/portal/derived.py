"""Passwords of machines, derived from MADANG_SECRET_KEY: whoever follows up a build can say them again,
and none is stored."""

from __future__ import annotations

import base64
import hashlib
import hmac

from portal.environment import environment


def _derive(*context: object) -> str:
    environment().require_secrets()
    key = environment().secret_key.get_secret_value().encode()
    message = "\0".join(str(part) for part in ("madang-derived-1", *context)).encode()
    return base64.urlsafe_b64encode(hmac.digest(key, message, hashlib.sha256)).decode().rstrip("=")


def source_token(build_id: int, attempt: int) -> str:
    """What one attempt of one build fetches its source with."""
    return _derive("source", build_id, attempt)


def push_password(build_id: int, attempt: int) -> str:
    """What one attempt of one build pushes its image with (user `build-<id>`)."""
    return _derive("push", build_id, attempt)


def pull_password(club_id: int) -> str:
    """What a club's nodes pull its images with (user `club-<slug>`)."""
    return _derive("pull", club_id)


def token_hash(token: str) -> str:
    """How a token with 256 random bits is stored."""
    return hashlib.sha256(token.encode()).hexdigest()


def same(given: str, expected: str) -> bool:
    """Compares in constant time."""
    return hmac.compare_digest(given.encode(), expected.encode())
