"""Config values at rest: Fernet with rotatable keys (MADANG_ENCRYPTION_KEYS, newest first)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import cast

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.core.exceptions import ImproperlyConfigured

from portal.environment import environment


@lru_cache(maxsize=4)
def _fernet(keys: tuple[str, ...]) -> MultiFernet:
    try:
        return MultiFernet([Fernet(key) for key in keys])
    except ValueError as error:
        raise ImproperlyConfigured(
            "MADANG_ENCRYPTION_KEYS: each is 32 bytes in URL-safe base64; `manage.py make_secrets` makes one."
        ) from error


def _current() -> MultiFernet:
    keys = tuple(environment().encryption_key_list)
    if not keys:
        environment().require_secrets()
    return _fernet(keys)


def encrypt(text: str) -> bytes:
    return _current().encrypt(text.encode())


def decrypt(stored: bytes | memoryview) -> str:
    """Raises ImproperlyConfigured if none of the keys fits."""
    try:
        return _current().decrypt(bytes(stored)).decode()
    except InvalidToken as error:
        raise ImproperlyConfigured(
            "A stored secret fits none of MADANG_ENCRYPTION_KEYS: put back the key that wrote it."
        ) from error


def rotate(stored: bytes | memoryview) -> bytes:
    """The same secret under the newest key."""
    return _current().rotate(bytes(stored))


def encrypt_config(config: Mapping[str, str]) -> bytes:
    return encrypt(json.dumps(dict(config), sort_keys=True))


def decrypt_config(stored: bytes | memoryview) -> dict[str, str]:
    return cast("dict[str, str]", json.loads(decrypt(stored)))
