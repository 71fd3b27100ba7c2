"""Bring the database to this version's tables: `python -m portal.schema`, run before each platform program.

It waits until PostgreSQL answers; then one process migrates while the others wait for its lock. So no
program meets tables older than its code, and no second migration runs beside the first.
"""

from __future__ import annotations

import importlib.util
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from portal import settings

LOCK = 0x6D6164616E67  # "madang"; the session's end releases it, however the process ends
PATIENCE_SECONDS = 300
PAUSE_SECONDS = 0.5


def main() -> int:
    """Exit status 0 once the tables are there, 1 if PostgreSQL stayed away for PATIENCE_SECONDS."""
    url = settings.MADANG.database_url
    if (problem := wait_for_database(url, PATIENCE_SECONDS)) is not None:
        print(f"PostgreSQL does not answer at DATABASE_URL: {problem}", file=sys.stderr)
        return 1
    # Nearly always there is nothing to do, and Django takes two seconds of a core to find that out.
    if not migrations() <= applied(url):
        with alone(url):
            # All programs of a new platform come here at once; the first has done it for the others.
            if not migrations() <= applied(url):
                migrate()
    return 0


def wait_for_database(url: str, patience_seconds: float) -> psycopg.OperationalError | None:
    """None once PostgreSQL takes a connection, else the last refusal."""
    deadline = time.monotonic() + patience_seconds
    told = False
    while True:
        try:
            psycopg.connect(url, connect_timeout=5).close()
            return None
        except psycopg.OperationalError as error:
            if time.monotonic() > deadline:
                return error
            if not told:
                print(f"waiting for PostgreSQL: {error}", file=sys.stderr, flush=True)
                told = True
            time.sleep(PAUSE_SECONDS)


def migrations() -> set[tuple[str, str]]:
    """(app, migration) of all that this version brings along, read from the names of files."""
    found = set()
    for app in settings.INSTALLED_APPS:
        root, *parts = app.split(".")
        spec = importlib.util.find_spec(root)
        for place in (spec.submodule_search_locations or ()) if spec else ():
            for file in Path(place, *parts, "migrations").glob("[0-9]*.py"):
                found.add((parts[-1], file.stem))
    return found


def applied(url: str) -> set[tuple[str, str]]:
    """(app, migration) of all that the database has had; empty for a new one."""
    with psycopg.connect(url, connect_timeout=5) as connection:
        if connection.execute("SELECT to_regclass('django_migrations')").fetchone() == (None,):
            return set()
        rows = connection.execute("SELECT app, name FROM django_migrations").fetchall()
    return {(str(app), str(name)) for app, name in rows}


@contextmanager
def alone(url: str) -> Iterator[None]:
    """Waits until no other process migrates that database, and keeps others waiting."""
    with psycopg.connect(url, connect_timeout=5, autocommit=True) as session:
        session.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        yield


def migrate() -> None:
    """Django's own migrate."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", interactive=False, verbosity=1)


if __name__ == "__main__":
    sys.exit(main())
