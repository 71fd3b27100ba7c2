"""The form of an access key: `mdg_<id>_<secret>`, the secret ending in a checksum.

The checksum tells a typing error from a wrong key without asking the database, and lets secret scanners
know one of ours for sure.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import string
from dataclasses import dataclass, field

_ALPHABET = string.ascii_letters + string.digits
_ID_LENGTH = 10
_RANDOM_LENGTH = 30  # 62^30: 178 bits
_CHECKSUM_LENGTH = 6


@dataclass(frozen=True)
class KeyText:
    """A key in its parts; `text` is the whole, shown once."""

    id: str
    secret: str = field(repr=False)

    @property
    def text(self) -> str:
        return f"mdg_{self.id}_{self.secret}"


def new_key() -> KeyText:
    """A key from the operating system's random source."""
    key_id = _random(_ID_LENGTH)
    random = _random(_RANDOM_LENGTH)
    return KeyText(key_id, random + _checksum(key_id, random))


def parse(text: str) -> KeyText | None:
    """The parts of what somebody typed, or None if it cannot be a key (form or checksum)."""
    parts = text.strip().split("_")
    if len(parts) != 3 or parts[0] != "mdg":
        return None
    _, key_id, secret = parts
    if len(key_id) != _ID_LENGTH or len(secret) != _RANDOM_LENGTH + _CHECKSUM_LENGTH:
        return None
    if not set(key_id + secret) <= set(_ALPHABET):
        return None
    random, checksum = secret[:_RANDOM_LENGTH], secret[_RANDOM_LENGTH:]
    if not hmac.compare_digest(checksum, _checksum(key_id, random)):
        return None
    return KeyText(key_id, secret)


def digest(key: KeyText, pepper: str) -> str:
    """What is stored: HMAC-SHA256 of the whole key under the pepper, in hexadecimal."""
    return hmac.new(pepper.encode(), key.text.encode(), hashlib.sha256).hexdigest()


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def _checksum(key_id: str, random: str) -> str:
    number = int.from_bytes(hashlib.sha256(f"{key_id}_{random}".encode()).digest()[:8], "big")
    letters = []
    for _ in range(_CHECKSUM_LENGTH):
        number, index = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[index])
    return "".join(letters)
