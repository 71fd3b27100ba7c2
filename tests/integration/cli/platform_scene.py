"""The real portal and the real git server as processes, and what their workers would write."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from django.utils import timezone
from portal.builds import log
from portal.builds.models import Build, BuildState, LogStream, StreamState
from portal.encryption import encrypt_config
from portal.projects.models import Project
from portal.releases.models import Release, ReleaseState

from tests.integration.mortal import start_mortal
from tests.integration.redis_server import free_port

PATIENCE_SECONDS = 600
ROOT = Path(__file__).resolve().parents[3]


class Served:
    """One process of the platform, as operators run it."""

    def __init__(self, application: str, port: int, environment: dict[str, str], log: Path) -> None:
        self._words = [
            *(sys.executable, "-m", "uvicorn", application),
            *("--host", "127.0.0.1", "--port", str(port)),
            *("--timeout-graceful-shutdown", "1"),
        ]
        self._port, self._environment, self._log = port, environment, log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = start_mortal(
                self._words,
                environment={**os.environ, **self._environment, "PYTHONPATH": f"{ROOT / 'platform'}:{ROOT}"},
                log=log,
            )
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self._healthy():
            assert self._process.poll() is None, self._log.read_text()
            assert time.monotonic() < deadline, self._log.read_text()
            time.sleep(0.05)

    def kill(self) -> None:
        """Ends at once, as when its node is lost."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _healthy(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()


@dataclass
class Platform:
    """Portal and git server on ports of their own."""

    portal: Served
    git: Served
    url: str

    @classmethod
    def on(cls, environment: dict[str, str], folder: Path) -> Platform:
        portal_port, git_port = free_port(), free_port()
        repositories = folder / "repositories"
        repositories.mkdir()
        url = f"http://madang.localhost:{portal_port}"
        settings = {
            **environment,
            "MADANG_PUBLIC_URL": url,
            "MADANG_GIT_URL": f"http://git.madang.localhost:{git_port}",
            "MADANG_REPOSITORIES": str(repositories),
        }
        return cls(
            portal=Served("portal.asgi:application", portal_port, settings, folder / "portal.log"),
            git=Served("portal.gitserver.asgi:application", git_port, settings, folder / "git.log"),
            url=url,
        )


def succeed(stream_id: int) -> None:
    """Built, rolled out and answering."""
    Build.objects.filter(stream=stream_id).update(state=BuildState.SUCCEEDED, finished_at=timezone.now())
    log.end(stream_id, StreamState.SUCCEEDED)


def serve_two_releases(project: Project) -> None:
    """Release 1 has served, release 2 is live."""
    for number, state in ((1, ReleaseState.RETIRED), (2, ReleaseState.LIVE)):
        stream = LogStream.objects.create(project=project, kind="push", state=StreamState.SUCCEEDED)
        build = Build.objects.create(
            project=project,
            stream=stream,
            commit=f"{number}" * 40,
            branch="main",
            pushed_by="test",
            plan={"language": "python", "port": 8080},
            archive_path="",
            archive_bytes=0,
            archive_sha256="",
            state=BuildState.SUCCEEDED,
            digest=f"sha256:{number:064d}",
        )
        Release.objects.create(
            project=project,
            number=number,
            build=build,
            digest=build.digest,
            encrypted_config=encrypt_config({}),
            port=8080,
            replicas=1,
            memory_bytes=256 << 20,
            cpu_millicores=250,
            created_by="test",
            description=f"push of {build.commit[:7]}",
            state=state,
            went_live_at=timezone.now(),
        )
    Project.objects.filter(pk=project.pk).update(release_count=2)
