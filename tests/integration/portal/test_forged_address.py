"""The audit log's address cannot be forged from inside the cluster."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from portal.accounts.models import AuditEntry

from tests.integration.portal.processes import Portal
from tests.integration.portal.scene import key_for, some_project
from tests.integration.redis_server import free_port

FORGED = {"X-Forwarded-For": "6.6.6.6, 192.0.2.9"}


@pytest.fixture
def portal(platform_environment: dict[str, str], tmp_path: Path) -> Iterator[Portal]:
    process = Portal(platform_environment, tmp_path / "portal.log")
    yield process
    process.end()


def test_a_pod_that_calls_the_portal_is_noted_as_itself_and_a_visitor_as_the_ingress_says(
    portal: Portal,
) -> None:
    project = some_project()
    headers = {"Authorization": f"Bearer {key_for(project, 'manage')}", **FORGED}

    def address_of(base: str, name: str) -> str:
        path = f"{base}/api/v1/clubs/{project.club.slug}/projects"
        assert httpx.post(path, json={"name": name}, headers=headers, timeout=240).status_code == 201
        return AuditEntry.objects.get(action="create_project", project=name).address

    assert address_of(portal.url, "inside") == "127.0.0.1"
    assert address_of(portal.ingress_url, "outside") == "192.0.2.9"


def test_a_port_that_is_taken_is_named(portal: Portal) -> None:
    words = [sys.executable, "-m", "portal.serving", "portal.asgi:application", "--host=127.0.0.1"]
    done = subprocess.run(
        [*words, f"--port={free_port()}", f"--ingress-port={portal.port}"],
        env={"PYTHONPATH": "platform:."},
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert f"Cannot listen on 127.0.0.1 port {portal.port}: Address already in use" in done.stderr
