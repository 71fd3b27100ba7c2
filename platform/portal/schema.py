"""Bring the database to this version's tables: `python -m portal.schema`, run before each platform program.

It waits until PostgreSQL answers; then one process migrates while the others wait for its lock. So no
program meets tables older than its code, and no second migration runs beside the first.
"""

from __future__ import annotations

import sys
import time

import django
import psycopg
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from portal.environment import environment

LOCK = 0x6D6164616E67  # "madang"; the session's end releases it, however the process ends
PATIENCE_SECONDS = 300
PAUSE_SECONDS = 0.5


def main() -> int:
    """Exit status 0 once the tables are there, 1 if PostgreSQL stayed away for PATIENCE_SECONDS."""
    django.setup()
    if (problem := wait_for_database(environment().database_url, PATIENCE_SECONDS)) is not None:
        print(f"PostgreSQL does not answer at DATABASE_URL: {problem}", file=sys.stderr)
        return 1
    if is_current():
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        try:
            call_command("migrate", interactive=False, verbosity=1)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
    return 0


def wait_for_database(url: str, patience_seconds: float) -> psycopg.OperationalError | None:
    """None once PostgreSQL takes a connection, else the last refusal.

    Not through Django's pool: that one backs off for longer and longer while the server starts.
    """
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


def is_current() -> bool:
    """Whether every migration of this version has been applied."""
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


if __name__ == "__main__":
    sys.exit(main())
