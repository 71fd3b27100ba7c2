"""Who may report, and within which time."""

from __future__ import annotations

from typing import Any

import pytest
from portal.fleet.signature import check_signature, check_time
from portal.problems import Problem

from spot.signing import newest, sign

SIGNED: dict[str, Any] = {
    "timestamp": "1764039600",
    "method": "PUT",
    "path": "/api/v1/fleet/interruptions/int-1",
    "body": b'{"id":"int-1"}',
}
# Made once with `openssl dgst -sha256 -hmac key`: both sides hold to it.
VECTOR = "72337a28f078c7ea433680cfb44ac3311dcfbdf0a0e73540da60ff7f717fcc86"


def refusal(keys: list[str], signature: str, **changes: Any) -> tuple[int, str] | None:
    try:
        check_signature(keys, signature, **{**SIGNED, **changes})
    except Problem as error:
        return error.status, error.explanation.reason
    return None


def test_both_sides_sign_as_openssl_does() -> None:
    made = sign("key", 1764039600, "PUT", SIGNED["path"], SIGNED["body"])
    assert made == f"v1={VECTOR}"
    assert refusal(["key"], made) is None


def test_each_of_the_portals_keys_opens_and_the_handler_uses_the_newest() -> None:
    assert newest(" new , old,") == "new"
    assert newest(" , ") == ""
    for keys in (["key"], ["other", "key"], ["key", "other"]):
        assert refusal(keys, f"v1={VECTOR}") is None


@pytest.mark.parametrize(
    "changes",
    [
        {"timestamp": "1764039601"},
        {"method": "POST"},
        {"path": "/api/v1/fleet/interruptions/int-2"},
        {"body": b'{"id":"int-2"}'},
    ],
    ids=str,
)
def test_what_was_changed_after_signing_is_refused(changes: dict[str, Any]) -> None:
    assert refusal(["key"], f"v1={VECTOR}", **changes) == (401, "signature-refused")


@pytest.mark.parametrize(
    "signature", ["", "v1=", VECTOR, f"v2={VECTOR}", f"v1={VECTOR.upper()}", f"v1={VECTOR}0", "v1=é"]
)
def test_what_is_no_signature_is_refused(signature: str) -> None:
    assert refusal(["key"], signature) == (401, "signature-refused")


def test_without_a_key_nobody_gets_in_not_even_with_the_empty_one() -> None:
    signed = sign("", 1764039600, "PUT", SIGNED["path"], SIGNED["body"])
    assert refusal([], signed) == (503, "no-report-key")
    assert refusal(["key"], signed) == (401, "signature-refused")


def test_a_report_is_good_for_five_minutes_either_way() -> None:
    for now in (1000, 700, 1300):
        check_time("1000", now)
    for now in (699, 1301):
        with pytest.raises(Problem, match="5 minutes"):
            check_time("1000", now)


@pytest.mark.parametrize("timestamp", ["", "-1000", "1000.0", "1e3", "soon", "１０００", "9" * 400])
def test_a_time_is_whole_seconds(timestamp: str) -> None:
    with pytest.raises(Problem, match="whole unix seconds"):
        check_time(timestamp, 1000)
