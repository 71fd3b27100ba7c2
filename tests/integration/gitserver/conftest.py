"""A git server as its own process, a real PostgreSQL, a student's git."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import django
import pytest
from pytest_django.plugin import DjangoDbBlocker

django.setup()

from django.core.management import call_command  # noqa: E402 - models need Django's settings
from django.db import connection  # noqa: E402

from tests.integration import postgres as database  # noqa: E402
from tests.integration.conftest import FOLDER, PLATFORM_ENVIRONMENT  # noqa: E402
from tests.integration.gitserver.school import School  # noqa: E402
from tests.integration.gitserver.serving import ServerProcess  # noqa: E402
from tests.integration.gitserver.student import Student  # noqa: E402


@pytest.fixture(scope="session")
def platform_environment(
    postgres: None, redis: None, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> dict[str, str]:
    """The variables of a platform process on this process's database: what tests write is committed."""
    # pytest-django makes a database only if some test of the session has its mark.
    with django_db_blocker.unblock():
        call_command("migrate", interactive=False, verbosity=0)
    name = str(connection.settings_dict["NAME"])
    return {**PLATFORM_ENVIRONMENT, "DATABASE_URL": database.url(FOLDER, name)}


@pytest.fixture
def school(platform_environment: dict[str, str], django_db_blocker: DjangoDbBlocker) -> Iterator[School]:
    """Clubs, keys and projects, and the platform's workers played through the database."""
    with django_db_blocker.unblock():
        yield School()


@pytest.fixture
def repositories(tmp_path: Path) -> Path:
    return tmp_path / "repositories"


@pytest.fixture
def server(
    platform_environment: dict[str, str], repositories: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[ServerProcess]:
    """`@pytest.mark.parametrize("server", [{"MADANG_GIT_…": "…"}], indirect=True)` sets variables."""
    settings: dict[str, str] = getattr(request, "param", {})
    repositories.mkdir()
    process = ServerProcess(
        {**platform_environment, "MADANG_REPOSITORIES": str(repositories), **settings},
        tmp_path / "server.log",
    )
    process.start()
    yield process
    process.end()


@pytest.fixture
def student(tmp_path: Path) -> Student:
    return Student(tmp_path / "home")
