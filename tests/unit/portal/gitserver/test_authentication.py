"""Where a key is found in a request."""

from __future__ import annotations

from base64 import b64encode

import pytest
from portal.gitserver.authentication import key_of


def basic(text: str) -> str:
    return "Basic " + b64encode(text.encode()).decode()


def test_the_password_is_the_key_whoever_the_user_says_to_be() -> None:
    assert key_of(basic("student:mdg_a_b")) == "mdg_a_b"
    assert key_of(basic(":mdg_a_b")) == "mdg_a_b"
    assert key_of(basic("x:with:colons")) == "with:colons"
    assert key_of("Bearer mdg_a_b") == "mdg_a_b"
    assert key_of("bearer   mdg_a_b ") == "mdg_a_b"


@pytest.mark.parametrize(
    "text",
    ["", "Basic", "Basic !!!", basic("student"), basic("student:"), "Bearer ", "Digest x", "Basic /w=="],
)
def test_no_key_is_no_key(text: str) -> None:
    assert key_of(text) is None
