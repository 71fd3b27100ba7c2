"""Access keys: their form, their strength, what is kept of them."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st
from portal.accounts import keys


def test_a_new_key_is_read_back() -> None:
    made = keys.new_key()
    assert made.text.startswith("mdg_")
    assert keys.parse(made.text) == made
    assert keys.parse(f"  {made.text}\n") == made


def test_a_key_holds_more_than_128_random_bits() -> None:
    random_letters = len(keys.new_key().secret) - 6
    assert random_letters * math.log2(62) >= 128


def test_keys_differ() -> None:
    assert len({keys.new_key().text for _ in range(100)}) == 100


@given(st.integers(4, 50), st.sampled_from("abcXYZ019"))
def test_a_mistyped_letter_is_noticed_without_the_database(place: int, letter: str) -> None:
    text = keys.new_key().text
    place = min(place, len(text) - 1)
    typed = text[:place] + letter + text[place + 1 :]
    assert typed == text or text[place] == "_" or keys.parse(typed) is None


@given(st.text(max_size=80))
def test_no_other_text_is_a_key_or_an_error(text: str) -> None:
    assert keys.parse(text) is None


def test_the_digest_needs_the_pepper_and_tells_nothing_of_the_key() -> None:
    key = keys.new_key()
    digest = keys.digest(key, "pepper")
    assert digest != keys.digest(key, "another")
    assert len(digest) == 64
    assert key.secret not in digest


def test_a_key_is_not_shown_when_it_is_printed_by_mistake() -> None:
    key = keys.new_key()
    assert key.secret not in repr(key)
