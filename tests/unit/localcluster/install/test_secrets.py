"""A cluster's secrets are made once; what a later version brought is added, and nothing else changes."""

from __future__ import annotations

from typing import Any

from localcluster.install.secrets import completed, missing

LATER = ("MADANG_SPOT_REPORT_KEY", "MADANG_DRILL_TOKEN")
MADE = {"data": {"MADANG_KEY_PEPPER": "new", **dict.fromkeys(LATER, "new")}}
OLD = {"data": {"MADANG_KEY_PEPPER": "old"}, "metadata": {"name": "madang-secrets", "resourceVersion": "7"}}


def data(secret: dict[str, Any]) -> Any:
    return secret["data"]


def test_a_first_installation_gets_all_that_was_made() -> None:
    assert data(completed(None, MADE)) == MADE["data"]


def test_an_older_secret_keeps_its_values_and_gets_what_it_lacks() -> None:
    assert missing(OLD) == set(LATER)
    assert data(completed(OLD, MADE)) == {"MADANG_KEY_PEPPER": "old", **dict.fromkeys(LATER, "new")}


def test_a_kept_secret_carries_nothing_of_the_object_it_was_read_from() -> None:
    assert completed(OLD, MADE)["metadata"] == {"name": "madang-secrets", "namespace": "madang"}


def test_a_secret_that_lacks_nothing_is_left_alone() -> None:
    assert not missing(completed(OLD, MADE))
