"""A real portal on the tests' database, and reporters that speak to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import connection
from pydantic import SecretStr

from spot.reporting import Reporter
from tests.integration import postgres as database
from tests.integration.conftest import FOLDER, PLATFORM_ENVIRONMENT
from tests.integration.portal.processes import Portal

NEW_KEY, OLD_KEY = "new-" + "n" * 60, "old-" + "o" * 60


@pytest.fixture(scope="module")
def served(django_db_setup: None, redis: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    environment = {
        **PLATFORM_ENVIRONMENT,
        "DATABASE_URL": database.url(FOLDER, str(connection.settings_dict["NAME"])),
        "MADANG_SPOT_REPORT_KEY": f"{NEW_KEY}, {OLD_KEY}",
    }
    portal = Portal(environment, Path(tmp_path_factory.mktemp("portal"), "log"))
    yield portal
    said = portal.said()
    portal.end()
    assert NEW_KEY not in said
    assert OLD_KEY not in said


@pytest.fixture
def portal(served: Portal, clean: None) -> Portal:
    return served


@pytest.fixture
def reporter(portal: Portal) -> Iterator[Callable[..., Reporter]]:
    """Makes a reporter with a key and, if a test wants, a clock."""
    made: list[Reporter] = []

    def make(key: str = NEW_KEY, **more: object) -> Reporter:
        made.append(Reporter(portal.url, SecretStr(key), 240, **more))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for each in made:
        each.close()
