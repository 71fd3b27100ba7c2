"""Before each program of the platform: the database has this version's tables, made by one process only."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from portal import schema

from tests.integration.postgres import reserve_folder, running_postgres, url

ROOT = Path(__file__).parents[3]


@pytest.fixture
def empty_database(postgres: None) -> Iterator[str]:
    """The URL of a database without a table."""
    name = f"schema_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(url(reserve_folder()), autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"')  # a name of our own making
        yield url(reserve_folder(), name)
        server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def start(database: str) -> subprocess.Popen[str]:
    environment = os.environ | {"DATABASE_URL": database, "PYTHONPATH": f"{ROOT}/platform:{ROOT}"}
    return subprocess.Popen(
        [sys.executable, "-m", "portal.schema"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_many_at_once_migrate_once(empty_database: str) -> None:
    said = [process.communicate()[0] for process in [start(empty_database) for _ in range(3)]]
    assert sum("Applying accounts.0001_initial" in output for output in said) == 1, said
    # The others waited, and never asked Django.
    assert said.count("") == 2, said
    assert schema.migrations() == schema.applied(empty_database)


def test_where_nothing_is_to_do_it_says_nothing(empty_database: str) -> None:
    first, second = start(empty_database), None
    assert first.wait() == 0
    second = start(empty_database)
    assert (second.communicate()[0], second.returncode) == ("", 0)


def test_it_knows_the_same_migrations_as_django() -> None:
    from django.db.migrations.loader import MigrationLoader

    assert schema.migrations() == set(MigrationLoader(None).disk_migrations)


def test_an_older_version_finds_nothing_to_do_in_a_newer_database(empty_database: str) -> None:
    assert start(empty_database).wait() == 0
    with psycopg.connect(empty_database) as connection:
        connection.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('clubs', '0999', now())"
        )
    process = start(empty_database)
    assert (process.communicate()[0], process.returncode) == ("", 0)


def test_it_waits_for_a_server_that_starts_later() -> None:
    folder = reserve_folder().with_name(f"madang-pg-late-{os.getpid()}")
    process = start(url(folder))
    assert process.stdout is not None
    assert "waiting for PostgreSQL" in process.stdout.readline()
    with running_postgres(folder):
        output, _ = process.communicate()
        assert process.returncode == 0, output


def test_a_server_that_stays_away_is_named_in_the_end(tmp_path: Path) -> None:
    problem = schema.wait_for_database(f"postgresql:///x?host={tmp_path}", 0)
    assert problem is not None
    assert str(tmp_path) in str(problem)
