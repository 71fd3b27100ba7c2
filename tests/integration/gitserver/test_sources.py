"""A build fetches its source with a token of its own."""

from __future__ import annotations

import io
import tarfile
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from portal.builds.models import Build

from tests.integration.gitserver.school import School, eventually
from tests.integration.gitserver.serving import ServerProcess
from tests.integration.gitserver.student import Student


def test_a_running_build_gets_exactly_its_source(
    server: ServerProcess, school: School, student: Student
) -> None:
    project, url = school.project(), server.url(f"{school.club}/app.git", school.key("deploy"))
    push = student.start("push", url, "main", cwd=student.project())
    build = school.accepted(project)
    path = f"/sources/{build.pk}.tar.gz"
    token = school.take(build)

    status, body = server.get(path, {"Authorization": f"Bearer {token}"})
    assert status == 200
    assert len(body) == build.archive_bytes
    with tarfile.open(fileobj=io.BytesIO(body)) as archive:
        assert set(archive.getnames()) >= {"app.py", "requirements.txt"}
    assert server.get(path)[0] == 404
    assert server.get(path, {"Authorization": f"Bearer {token}x"})[0] == 404
    assert server.get(f"/sources/{build.pk + 1}.tar.gz", {"Authorization": f"Bearer {token}"})[0] == 404

    school.succeed(build)
    assert push.wait().status == 0
    assert server.get(path, {"Authorization": f"Bearer {token}"})[0] == 404


@pytest.mark.parametrize(
    "server",
    [{"MADANG_GIT_HOUSEKEEPING_SECONDS": "0.2", "MADANG_GIT_KEEP_SOURCES_SECONDS": "3600"}],
    indirect=True,
)
def test_sources_go_an_hour_after_their_build(
    server: ServerProcess, school: School, student: Student
) -> None:
    project, url = school.project(), server.url(f"{school.club}/app.git", school.key("deploy"))
    push = student.start("push", url, "main", cwd=student.project())
    build = school.accepted(project)
    archive = server.repositories / ".sources" / Path(build.archive_path).name
    assert archive.exists()
    school.succeed(build)
    assert push.wait().status == 0
    assert archive.exists()
    Build.objects.filter(pk=build.pk).update(finished_at=timezone.now() - timedelta(seconds=3601))
    eventually(lambda: not archive.exists())
    eventually(lambda: list((server.repositories / ".sources").iterdir()) == [])
