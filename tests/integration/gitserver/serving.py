"""The git server as the chart runs it: one process, two ports."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from portal.projects.models import Project

from tests.integration.mortal import start_mortal
from tests.integration.redis_server import free_port

# The machine may be busy with a cluster.
PATIENCE_SECONDS = 300
ROOT = Path(__file__).resolve().parents[3]


class ServerProcess:
    def __init__(self, environment: dict[str, str], repositories: Path, log: Path) -> None:
        repositories.mkdir()
        self.environment = {
            "MADANG_GIT_GOODBYE_SECONDS": str(PATIENCE_SECONDS),
            **environment,
            "MADANG_REPOSITORIES": str(repositories),
        }
        self.repositories = repositories
        self.log = log
        self.port = free_port()
        self.ingress_port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = start_mortal(
                [
                    *(sys.executable, "-m", "portal.serving", "portal.gitserver.asgi:application"),
                    *("--host=127.0.0.1", f"--port={self.port}", f"--ingress-port={self.ingress_port}"),
                    f"--graceful-seconds={PATIENCE_SECONDS}",
                ],
                environment={**os.environ, **self.environment, "PYTHONPATH": f"{ROOT / 'platform'}:{ROOT}"},
                log=log,
            )
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self.healthy():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.05)

    def healthy(self) -> bool:
        try:
            return self.get("/healthz")[0] == 200
        except OSError:
            return False

    def pushes(self) -> int:
        """How many pushes the server carries."""
        return int(json.loads(self.get("/healthz")[1])["pushes"])

    def get(self, path: str, headers: dict[str, str] | None = None, method: str = "GET") -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        try:
            connection.request(method, path, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def signal(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def wait(self) -> int:
        assert self.process is not None
        return self.process.wait(PATIENCE_SECONDS)

    def end(self) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        self.signal(signal.SIGTERM)
        try:
            self.wait()
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise

    def repository(self, project: Project) -> Path:
        return self.repositories / f"{project.pk}.git"

    def objects(self, project: Project) -> list[Path]:
        """All files with objects, quarantined ones too; a quarantine may go while they are looked for."""
        found = os.walk(self.repository(project) / "objects")
        return [Path(folder, name) for folder, _, names in found for name in names]

    def url(self, repository: str, key: str, user: str = "student") -> str:
        return f"http://{user}:{key}@127.0.0.1:{self.port}/{repository}"
