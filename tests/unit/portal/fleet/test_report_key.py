"""The key of the reports: made with the others, added to what is older, shown nowhere."""

from __future__ import annotations

import pytest
from portal.environment import Environment
from portal.web.management.commands.make_secrets import make
from pydantic import SecretStr

from localcluster.install.secrets import ADDED


def test_what_an_older_installation_is_given_is_what_a_new_one_has() -> None:
    assert set(ADDED) <= set(make())
    assert "MADANG_SPOT_REPORT_KEY" in ADDED


def test_each_installation_has_a_long_key_of_its_own() -> None:
    one, other = (make()["MADANG_SPOT_REPORT_KEY"] for _ in range(2))
    assert one != other
    assert len(one) >= 43


@pytest.mark.parametrize(
    ("given", "keys"), [("", []), (" , ,", []), ("new", ["new"]), (" new, old ,", ["new", "old"])]
)
def test_several_are_listed_newest_first(given: str, keys: list[str]) -> None:
    assert Environment(spot_report_key=SecretStr(given)).spot_report_keys == keys


def test_the_settings_can_be_printed_without_it() -> None:
    given = Environment(spot_report_key=SecretStr("very secret"))
    assert "very secret" not in f"{given!r} {given} {given.model_dump()}"
