"""Session tokens of the metadata service: signed, so that none need be kept."""

import base64
import binascii
import hashlib
import hmac
import secrets
import struct

MAX_TTL_SECONDS = 21600
"""Six hours, the limit of EC2."""


class Tokens:
    """Gives and checks the tokens of one instance. Another instance, or the next run, has another key."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def issue(self, ttl_seconds: int, now: float) -> str:
        """A token of 44 characters that holds until `now` + `ttl_seconds` (seconds since the epoch)."""
        expiry = struct.pack(">d", now + ttl_seconds)
        return base64.b64encode(expiry + self._sign(expiry)).decode()

    def holds(self, token: str, now: float) -> bool:
        try:
            raw = base64.b64decode(token, validate=True)
        except (binascii.Error, ValueError):
            return False
        expiry, signature = raw[:8], raw[8:]
        if len(expiry) != 8 or not hmac.compare_digest(signature, self._sign(expiry)):
            return False
        (until,) = struct.unpack(">d", expiry)
        return bool(now < until)

    def _sign(self, expiry: bytes) -> bytes:
        return hmac.digest(self._key, expiry, hashlib.sha256)[:24]


def wanted_ttl_seconds(header: str | None) -> int | None:
    """The time to live that a client asked for; None if it is not one of 1 to 21600."""
    if header is None or not header.isascii() or not header.isdigit() or len(header) > 5:
        return None
    seconds = int(header)
    return seconds if 1 <= seconds <= MAX_TTL_SECONDS else None
