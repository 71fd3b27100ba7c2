"""A build fetches its source with a token of its own."""

from __future__ import annotations

import io
import os
import tarfile
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from portal.accounts.principal import operator
from portal.builds.cancelling import CANCELLED
from portal.builds.models import Build
from portal.builds.rebuilding import rebuild
from portal.problems import Problem

from deployer.errors import Explanation
from tests.integration.gitserver.school import School, eventually
from tests.integration.gitserver.serving import ServerProcess
from tests.integration.gitserver.student import FLASK, Student


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


@pytest.mark.parametrize(
    "server",
    [{"MADANG_GIT_HOUSEKEEPING_SECONDS": "0.2", "MADANG_GIT_SOURCES_LIMIT_BYTES": str(1 << 20)}],
    indirect=True,
)
def test_sources_that_crowd_the_volume_go_as_soon_as_their_build_has_ended(
    server: ServerProcess, school: School, student: Student
) -> None:
    project, url = school.project(), server.url(f"{school.club}/app.git", school.key("deploy"))
    folder = student.project(files={**FLASK, "data.bin": os.urandom(2 << 20)})
    push = student.start("push", url, "main", cwd=folder)
    build = school.accepted(project)
    token = school.take(build)
    path = f"/sources/{build.pk}.tar.gz"
    # A build that runs keeps its source.
    assert server.get(path, {"Authorization": f"Bearer {token}"})[0] == 200
    school.fail(build, Explanation("broken", "It broke.", "", "Mend it."))
    assert push.wait().status == 1
    eventually(lambda: list((server.repositories / ".sources").iterdir()) == [])


def test_a_push_that_the_clubs_budget_refuses_leaves_no_source(
    server: ServerProcess, school: School, student: Student
) -> None:
    """No build claims it, so that it would lie there for an hour: some large ones would fill the volume."""
    project, url = school.project(), server.url(f"{school.club}/app.git", school.key("deploy"))
    before = set((server.repositories / ".sources").iterdir())
    folder = student.project(files={**FLASK, "madang.yaml": "web:\n  memory: 60Gi\n"})
    done = student.git("push", url, "main", cwd=folder)
    assert done.status == 1
    assert "budget" in done.output
    assert not Build.objects.filter(project=project).exists()
    assert set((server.repositories / ".sources").iterdir()) <= before


@pytest.mark.parametrize("server", [{"MADANG_GIT_SOURCES_LIMIT_BYTES": str(1 << 20)}], indirect=True)
def test_a_clubs_commits_that_wait_take_only_so_much_of_the_volume(
    server: ServerProcess, school: School, student: Student
) -> None:
    key, large = school.key("deploy"), {**FLASK, "data.bin": os.urandom(700 << 10)}
    film, folder = school.project("film"), student.project("film", files=large)
    first = student.start("push", server.url(f"{school.club}/film.git", key), "main", cwd=folder)
    school.accepted(film, push=first)
    site = school.project("site")
    refused = student.git("push", server.url(f"{school.club}/site.git", key), "main", cwd=folder)
    assert refused.status == 1
    assert f"The commits of {school.club} that wait to be built would take 2 MiB together" in refused.output
    assert not Build.objects.filter(project=site).exists()
    # A newer push takes the place of the one that waits.
    student.commit(folder, {"data.bin": os.urandom(800 << 10)})
    second = student.start("push", server.url(f"{school.club}/film.git", key), "main", cwd=folder)
    school.succeed(school.accepted(film, 2, push=second))
    assert second.wait().status == 0, second.output
    again = student.start("push", server.url(f"{school.club}/site.git", key), "main", cwd=folder)
    school.succeed(school.accepted(site, push=again))
    assert again.wait().status == 0, again.output


TIDY = {"MADANG_GIT_HOUSEKEEPING_SECONDS": "0.2", "MADANG_GIT_KEEP_FAILED_SOURCES_SECONDS": "86400"}


def two_rounds(server: ServerProcess) -> None:
    """Housekeeping has removed what it removes."""
    stray = server.repositories / ".sources" / "stray.tar.gz"
    for _ in range(2):
        stray.touch()
        os.utime(stray, (0, 0))
        eventually(lambda: not stray.exists())


@pytest.mark.parametrize("server", [TIDY], indirect=True)
def test_a_source_is_kept_for_its_build_though_the_volume_was_mounted_elsewhere_before(
    server: ServerProcess, school: School, student: Student
) -> None:
    project, url = school.project(), server.url(f"{school.club}/app.git", school.key("deploy"))
    push = student.start("push", url, "main", cwd=student.project())
    build = school.accepted(project, push=push)
    archive = server.repositories / ".sources" / Path(build.archive_path).name
    Build.objects.filter(pk=build.pk).update(archive_path=f"/elsewhere/.sources/{archive.name}")
    # So long it waits for its turn.
    os.utime(archive, (0, 0))
    two_rounds(server)
    token = school.take(build)
    assert server.get(f"/sources/{build.pk}.tar.gz", {"Authorization": f"Bearer {token}"})[0] == 200
    school.succeed(build)
    assert push.wait().status == 0, push.output
    ended(build, hours=2)
    eventually(lambda: not archive.exists())
    assert not Build.objects.get(pk=build.pk).source_kept


def ended(build: Build, **ago: float) -> None:
    at = timezone.now() - timedelta(**ago)
    Build.objects.filter(pk=build.pk).update(finished_at=at)
    type(build.stream).objects.filter(pk=build.stream_id).update(ended_at=at)


@pytest.mark.parametrize("server", [TIDY], indirect=True)
def test_a_failed_push_is_built_again_from_what_it_left_and_moves_the_branch(
    server: ServerProcess, school: School, student: Student
) -> None:
    project, url = school.project(), server.url(f"{school.club}/app.git", school.key("deploy"))
    folder = student.project()
    push = student.start("push", url, "main", cwd=folder)
    build = school.accepted(project)
    school.fail(build, CANCELLED)
    assert push.wait().status == 1
    # Two rounds of housekeeping: what another project leaves is gone, this one's is not.
    ended(build, hours=20)
    other = school.project("other")
    other_push = student.start(
        "push", server.url(f"{school.club}/other.git", school.key("deploy")), "main", cwd=folder
    )
    done = school.accepted(other)
    school.succeed(done)
    assert other_push.wait().status == 0
    ended(done, hours=20)
    eventually(lambda: not Build.objects.get(pk=done.pk).source_kept)

    again = rebuild(by=operator("test"), project=project, build_id=build.pk)
    ended(build, days=2)
    token = school.take(again)
    status, body = server.get(f"/sources/{again.pk}.tar.gz", {"Authorization": f"Bearer {token}"})
    assert (status, len(body)) == (200, build.archive_bytes)
    school.succeed(again)
    eventually(lambda: student.tip(folder) in student.git("ls-remote", url, "main").output)
    assert student.git("clone", "-q", url, "copy").status == 0


@pytest.mark.parametrize("server", [TIDY], indirect=True)
def test_a_failed_builds_source_goes_with_a_newer_build_and_in_time(
    server: ServerProcess, school: School, student: Student
) -> None:
    project, url = school.project(), server.url(f"{school.club}/app.git", school.key("deploy"))
    folder = student.project()
    builds = []
    for count in (1, 2):
        student.commit(folder, {"page.txt": str(count)})
        push = student.start("push", url, "main", cwd=folder)
        build = school.accepted(project, count)
        school.fail(build, CANCELLED)
        assert push.wait().status == 1
        builds.append(build)
    sources = server.repositories / ".sources"
    first, second = (sources / Path(build.archive_path).name for build in builds)
    for build in builds:
        ended(build, hours=20)
    eventually(lambda: not first.exists())
    assert second.exists()
    assert [build.source_kept for build in Build.objects.filter(project=project).order_by("pk")] == [
        False,
        True,
    ]
    ended(builds[1], hours=25)
    eventually(lambda: list(sources.iterdir()) == [])
    assert not Build.objects.filter(project=project, source_kept=True).exists()


@pytest.mark.parametrize("server", [TIDY], indirect=True)
def test_a_source_that_is_lost_is_noted(server: ServerProcess, school: School, student: Student) -> None:
    project, url = school.project(), server.url(f"{school.club}/app.git", school.key("deploy"))
    push = student.start("push", url, "main", cwd=student.project())
    build = school.accepted(project)
    school.fail(build, CANCELLED)
    assert push.wait().status == 1
    (server.repositories / ".sources" / Path(build.archive_path).name).unlink()
    eventually(lambda: not Build.objects.get(pk=build.pk).source_kept)
    with pytest.raises(Problem) as refused:
        rebuild(by=operator("test"), project=project, build_id=build.pk)
    assert refused.value.explanation.reason == "source-gone"
