"""A database that is empty at the start of each test, and a cluster that follows a script."""

from __future__ import annotations

from collections.abc import Iterator
from unittest.mock import patch

import django
import pytest

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402 - models need Django's settings
from django.db import connection  # noqa: E402
from django.utils import translation  # noqa: E402
from portal import cluster as the_cluster  # noqa: E402
from portal.clubs.models import Club  # noqa: E402

from tests.integration import postgres as database  # noqa: E402
from tests.integration.conftest import FOLDER, PLATFORM_ENVIRONMENT  # noqa: E402
from tests.integration.portal.scene import ScriptedCluster  # noqa: E402

# Django truncates every table, which gives each and each of its indexes a new file, full or empty. Most are
# empty; the others have few rows. As there, what still writes is waited for, and keys need no order.
_EMPTY = """DO $$
DECLARE each regclass;
BEGIN
    SET LOCAL session_replication_role = replica;
    FOR each IN SELECT oid FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
        AND relname <> 'django_migrations'
    LOOP
        EXECUTE format('LOCK TABLE %s', each);
        IF pg_relation_size(each) > 0 THEN
            EXECUTE format('DELETE FROM %s', each);
        END IF;
    END LOOP;
END $$"""


@pytest.fixture(scope="session", autouse=True)
def quick_flush() -> Iterator[None]:
    """Emptying the tables also makes no rows of permissions anew, which nothing here reads."""
    flush = "django.core.management.commands.flush"
    with patch(f"{flush}.sql_flush", return_value=[_EMPTY]), patch(f"{flush}.emit_post_migrate_signal"):
        yield


@pytest.fixture(autouse=True)
def no_language_of_before() -> None:
    """A request leaves its language with the thread, which is the tests' own here."""
    translation.deactivate()


@pytest.fixture
def clean(transactional_db: None, redis: None) -> None:
    """Other tests of the session leave rows: here the number of running builds counts."""
    if Club.objects.exists():
        call_command("flush", interactive=False, verbosity=0)


@pytest.fixture
def cluster(clean: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedCluster]:
    script = ScriptedCluster()
    monkeypatch.setattr(the_cluster, "builder", script.builder)
    monkeypatch.setattr(the_cluster, "rollouts", script.rollouts)
    yield script


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leases run out, and what was put off is due, when a test says so (`run_out`)."""
    waits = {"lease_seconds": 3600, "retry_seconds": 3600}
    monkeypatch.setattr(settings, "MADANG", settings.MADANG.model_copy(update=waits))


@pytest.fixture
def short_leases(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a lease's keeper sees (a wish to stop) is seen after a third of a second."""
    monkeypatch.setattr(settings, "MADANG", settings.MADANG.model_copy(update={"lease_seconds": 1}))


@pytest.fixture
def platform_environment(clean: None) -> dict[str, str]:
    """The variables of a platform process on this process's database."""
    name = str(connection.settings_dict["NAME"])
    return {**PLATFORM_ENVIRONMENT, "DATABASE_URL": database.url(FOLDER, name)}
