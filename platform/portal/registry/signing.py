"""Tokens that the registry believes: ES256, the key named by its thumbprint (RFC 7638)."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections.abc import Iterable
from functools import lru_cache
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.core.exceptions import ImproperlyConfigured

from portal.environment import environment
from portal.registry.grants import Access

ISSUER = "madang"


@lru_cache(maxsize=2)
def load_key(pem: str) -> EllipticCurvePrivateKey:
    """Raises ImproperlyConfigured unless it is an EC P-256 private key."""
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except ValueError as error:
        raise _bad_key() from error
    if not isinstance(key, EllipticCurvePrivateKey) or not isinstance(key.curve, SECP256R1):
        raise _bad_key()
    return key


def public_jwk(key: EllipticCurvePrivateKey) -> dict[str, str]:
    """The public half as the registry's jwks.json holds it."""
    numbers = key.public_key().public_numbers()
    members = {"crv": "P-256", "kty": "EC", "x": _coordinate(numbers.x), "y": _coordinate(numbers.y)}
    canonical = json.dumps(members, sort_keys=True, separators=(",", ":")).encode()
    thumbprint = base64.urlsafe_b64encode(hashlib.sha256(canonical).digest()).decode().rstrip("=")
    return members | {"kid": thumbprint, "alg": "ES256", "use": "sig"}


def sign(subject: str, access: Iterable[Access]) -> tuple[str, int]:
    """A token and for how many seconds it is good."""
    key = load_key(environment().registry_signing_key.get_secret_value())
    seconds, now = environment().registry_token_seconds, int(time.time())
    claims = {
        "iss": ISSUER,
        "sub": subject,
        "aud": environment().registry_service,
        "iat": now,
        "nbf": now - 10,
        "exp": now + seconds,
        "jti": uuid4().hex,
        "access": [each.claim() for each in access],
    }
    return jwt.encode(claims, key, algorithm="ES256", headers={"kid": public_jwk(key)["kid"]}), seconds


def _coordinate(number: int) -> str:
    return base64.urlsafe_b64encode(number.to_bytes(32, "big")).decode().rstrip("=")


def _bad_key() -> ImproperlyConfigured:
    return ImproperlyConfigured(
        "MADANG_REGISTRY_SIGNING_KEY is no EC P-256 private key in PEM; `manage.py make_secrets` makes one."
    )
