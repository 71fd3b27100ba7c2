"""A real PostgreSQL and a real Redis, started when a test first wants them; Django points there."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.integration.postgres import reserve_folder, running_postgres, url
from tests.integration.redis_server import free_port, running_redis

FOLDER = reserve_folder()
REDIS_PORT = free_port()
PLATFORM_ENVIRONMENT = {
    "DATABASE_URL": url(FOLDER),
    "REDIS_URL": f"redis://127.0.0.1:{REDIS_PORT}/0",
    "MADANG_SECRET_KEY": "for tests alone",
    "MADANG_KEY_PEPPER": "for tests alone",
    "MADANG_ENCRYPTION_KEYS": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
    # As Django's test client calls itself.
    "MADANG_PAGE_HOSTS": "testserver",
    "DJANGO_SETTINGS_MODULE": "portal.settings",
}
# At import: Django reads its settings before the first fixture.
os.environ.update(PLATFORM_ENVIRONMENT)


def pytest_configure() -> None:
    import django
    from django.conf import settings

    django.setup()
    # A real hash of a password takes most of a second, by intention; most of these tests make a person.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *settings.PASSWORD_HASHERS]
    # Visitors do not wait for a Redis or a database that is slow; a test wants what it has counted there.
    settings.CACHES["default"]["OPTIONS"] = {"socket_connect_timeout": 60, "socket_timeout": 60}
    settings.DATABASES["default"]["OPTIONS"]["pool"]["timeout"] = 300


@pytest.fixture(scope="session")
def postgres() -> Iterator[None]:
    from django.db import connection

    with running_postgres(FOLDER):
        yield
        connection.close()
        connection.close_pool()


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """It goes with its server. To drop it, PostgreSQL waits five seconds for whoever is still connected."""
    return True


@pytest.fixture(scope="session")
def redis() -> Iterator[None]:
    with running_redis(REDIS_PORT):
        yield


@pytest.fixture(scope="session")
def django_db_modify_db_settings(postgres: None) -> None:
    """pytest-django makes its test database after this."""
