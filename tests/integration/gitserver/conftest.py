"""A git server as its own process, a real PostgreSQL, a student's git."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
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


@contextmanager
def running(environment: dict[str, str], settings: dict[str, str], folder: Path) -> Iterator[ServerProcess]:
    folder.mkdir(exist_ok=True)
    process = ServerProcess({**environment, **settings}, folder / "repositories", folder / "server.log")
    try:
        process.start()
        yield process
    finally:
        process.end()


@pytest.fixture(scope="session")
def shared_server(
    platform_environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServerProcess]:
    """One for all tests that neither set nor stop it: a start takes seconds."""
    with running(platform_environment, {}, tmp_path_factory.mktemp("server")) as process:
        yield process


@pytest.fixture
def own_server(platform_environment: dict[str, str], tmp_path: Path) -> Iterator[ServerProcess]:
    """One that the test may stop and kill."""
    with running(platform_environment, {}, tmp_path / "server") as process:
        yield process


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[ServerProcess]:
    """The shared server, or one with its own variables (parametrize, indirect)."""
    if not hasattr(request, "param"):
        yield request.getfixturevalue("shared_server")
        return
    environment = request.getfixturevalue("platform_environment")
    folder = request.getfixturevalue("tmp_path") / "server"
    with running(environment, request.param, folder) as process:
        yield process


@pytest.fixture
def student(tmp_path: Path) -> Student:
    return Student(tmp_path / "home")
