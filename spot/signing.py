"""How a report proves that it comes from the handler (portal.fleet.signature is the other side). Pure."""

from __future__ import annotations

import hashlib
import hmac


def newest(keys: str) -> str:
    """The key to sign with: the first of MADANG_SPOT_REPORT_KEY, a list with commas; "" without any."""
    return next((key.strip() for key in keys.split(",") if key.strip()), "")


def sign(key: str, timestamp: int, method: str, path: str, body: bytes) -> str:
    """X-Madang-Signature of a request at `timestamp` (unix seconds, sent as X-Madang-Timestamp)."""
    message = f"{timestamp}.{method}.{path}.".encode() + body
    return f"v1={hmac.digest(key.encode(), message, hashlib.sha256).hex()}"
