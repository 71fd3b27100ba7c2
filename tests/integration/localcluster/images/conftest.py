"""The real registry program, on a free port of loopback."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from localcluster import programs
from localcluster.instance import Instance
from tests.integration.mortal import start_mortal
from tests.integration.redis_server import free_port

PATIENCE_SECONDS = 300


@pytest.fixture(scope="session")
def program_folder() -> Path:
    instance = Instance.from_environment()
    return instance.programs or programs.ensure(instance.cache, print)


@pytest.fixture
def registry(program_folder: Path, tmp_path: Path) -> Iterator[str]:
    """host:port."""
    address = f"127.0.0.1:{free_port()}"
    settings = tmp_path / "registry.json"
    settings.write_text(
        json.dumps(
            {
                "version": "0.1",
                "log": {"level": "error", "accesslog": {"disabled": True}},
                "storage": {"filesystem": {"rootdirectory": str(tmp_path / "storage")}},
                "http": {"addr": address},
            }
        )
    )
    process = start_mortal(
        [program_folder / "registry", "serve", settings],
        environment={**os.environ, "OTEL_TRACES_EXPORTER": "none"},
    )
    try:
        transport = httpx.HTTPTransport(retries=60)  # with growing pauses, while it starts
        with httpx.Client(transport=transport, trust_env=False, timeout=PATIENCE_SECONDS) as client:
            client.get(f"http://{address}/v2/").raise_for_status()
        yield address
    finally:
        process.terminate()
        process.wait()
