"""What is sent, and with what the reporter refuses to begin."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from spot.errors import PermanentError
from spot.reporting import TEXT_CHARACTERS, Reporter, body


def test_the_same_record_has_the_same_bytes_whatever_the_order_of_its_keys() -> None:
    one = {"id": "a", "revision": 1, "detail": "불", "pods": [{"name": "x", "gap_reason": None}]}
    other = {"pods": [{"gap_reason": None, "name": "x"}], "detail": "불", "revision": 1, "id": "a"}
    assert body(one) == body(other)
    assert b" " not in body(one)


def test_long_and_broken_texts_are_cut_to_what_the_portal_takes() -> None:
    pods = [{"blocked_reason": "x" * 5000, "gap_reason": "\ud800"}]
    sent = body({"id": "a", "detail": "y" * 5000, "pods": pods}).decode()
    assert sent.count("x") == sent.count("y") == TEXT_CHARACTERS
    assert "ud800" not in sent


@pytest.mark.parametrize(
    "url", ["", "portal", "ftp://portal", "http://portal/path", "http://portal?x", "http:// portal"]
)
def test_an_address_with_a_path_or_without_a_scheme_is_refused(url: str) -> None:
    with pytest.raises(PermanentError, match="http://host"):
        Reporter(url, SecretStr("key"))


@pytest.mark.parametrize("key", ["", " , "])
def test_without_a_key_it_says_where_to_get_one(key: str) -> None:
    with pytest.raises(PermanentError, match="MADANG_SPOT_REPORT_KEY is empty"):
        Reporter("http://portal", SecretStr(key))


def test_a_key_is_in_no_text_of_a_reporter() -> None:
    reporter = Reporter("http://portal", SecretStr("very secret"))
    assert "very secret" not in f"{reporter!r} {vars(reporter)}"
    reporter.close()


def test_a_full_nodes_record_fits_whatever_language_its_reasons_are_in() -> None:
    words = {"blocked_reason": "ㄱ" * 5000, "gap_reason": "ㄴ" * 5000, "rest": "x" * 700}
    assert len(body({"id": "a", "pods": [words] * 250})) < 2 << 20
