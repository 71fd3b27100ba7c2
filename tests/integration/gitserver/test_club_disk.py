"""What all repositories of a club may take together."""

from __future__ import annotations

import os
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone
from portal.builds.models import Build
from portal.projects.models import Project
from portal.projects.repository_sizes import club_bytes

from deployer.errors import Explanation
from tests.integration.gitserver.school import School, eventually
from tests.integration.gitserver.serving import ServerProcess
from tests.integration.gitserver.student import Student

MIB = 1 << 20
THREE = {"MADANG_GIT_CLUB_LIMIT_BYTES": str(3 * MIB)}
WHY = Explanation("it-broke", "It broke.", "", "Mend it.")

pytestmark = pytest.mark.parametrize("server", [THREE], indirect=True)


def files(mebibytes: float) -> dict[str, str | bytes]:
    return {"app.py": "", "Dockerfile": "FROM scratch\n", "data.bin": os.urandom(int(mebibytes * MIB))}


def deploy(server: ServerProcess, school: School, student: Student, slug: str, mebibytes: float) -> Project:
    """A project with a repository of that size."""
    project = school.project(slug)
    url = server.url(f"{school.club}/{slug}.git", school.key("deploy"))
    push = student.start("push", url, "main", cwd=student.project(slug, files=files(mebibytes)))
    school.succeed(school.accepted(project))
    assert push.wait().status == 0, push.output
    eventually(lambda: server.pushes() == 0)
    return project


def test_a_push_that_would_go_over_is_refused_before_anything_is_kept(
    server: ServerProcess, school: School, student: Student
) -> None:
    deploy(server, school, student, "film", 1.5)
    project = school.project("site")
    folder = student.project("site", files=files(1.8))
    url = server.url(f"{school.club}/site.git", school.key("deploy"))
    done = student.git("push", url, "main", cwd=folder)
    assert done.status == 1
    assert f"The repositories of {school.club} would take 4 MiB together, of 3 that they may." in done.output
    assert "site: 2 MiB, film: 2 MiB" in done.output
    assert "Delete a project that nobody needs (madang project delete)" in done.output
    eventually(lambda: server.pushes() == 0)
    assert server.objects(project) == []
    assert not Build.objects.filter(project=project).exists()
    project.refresh_from_db()
    assert project.repository_bytes == 0


def test_a_key_of_one_project_reads_no_other_projects_name(
    server: ServerProcess, school: School, student: Student
) -> None:
    deploy(server, school, student, "film", 1.5)
    project = school.project("site")
    url = server.url(f"{school.club}/site.git", school.key("deploy", project=project))
    done = student.git("push", url, "main", cwd=student.project("site", files=files(1.8)))
    assert done.status == 1
    assert "site: 2 MiB" in done.output
    assert "film" not in done.output


def test_a_club_that_has_taken_all_is_told_before_it_sends_and_a_deleted_project_makes_room(
    server: ServerProcess, school: School, student: Student
) -> None:
    film = deploy(server, school, student, "film", 2.5)
    Project.objects.filter(pk=film.pk).update(repository_bytes=3 * MIB)
    folder = student.project("site", files=files(0.1))
    project, url = school.project("site"), server.url(f"{school.club}/site.git", school.key("deploy"))
    done = student.git("push", url, "main", cwd=folder)
    assert done.status == 128
    assert "would take 3 MiB together, of 3 that they may" in done.output
    Project.objects.filter(pk=film.pk).update(deleted_at=timezone.now())
    push = student.start("push", url, "main", cwd=folder)
    school.succeed(school.accepted(project, push=push))
    assert push.wait().status == 0, push.output
    other = school.project("other", club=School().club)
    url = server.url(f"{other.club}/other.git", school.key("deploy", club=other.club))
    push = student.start("push", url, "main", cwd=folder)
    school.succeed(school.accepted(other, push=push))
    assert push.wait().status == 0, push.output


def test_what_a_failed_deploy_left_counts_for_nothing_and_operators_see_sizes(
    server: ServerProcess, school: School, student: Student
) -> None:
    project = deploy(server, school, student, "site", 1)
    project.refresh_from_db()
    before = project.repository_bytes
    assert MIB < before < 1.1 * MIB
    student.commit(student.home / "site", {"more.bin": os.urandom(MIB)})
    url = server.url(f"{school.club}/site.git", school.key("deploy"))
    push = student.start("push", url, "main", cwd=student.home / "site")
    build = school.accepted(project, 2)
    assert club_bytes(school.club.slug) > 2 * MIB
    school.fail(build, WHY)
    assert push.wait().status == 1
    eventually(lambda: server.pushes() == 0)
    assert club_bytes(school.club.slug) < before + 0.1 * MIB
    said = StringIO()
    call_command("git_sizes", stdout=said)
    assert f"  {school.club}: 1.0 MiB" in said.getvalue()
    said = StringIO()
    call_command("git_sizes", school.club.slug, stdout=said)
    assert said.getvalue() == f"{school.club}: 1.0 MiB of 2048.0 MiB\n  site: 1.0 MiB\n"


def test_a_server_that_starts_measures_what_another_left(
    server: ServerProcess, school: School, student: Student
) -> None:
    project = deploy(server, school, student, "site", 1)
    Project.objects.filter(pk=project.pk).update(repository_bytes=0)
    server.end()
    server.start()
    eventually(lambda: club_bytes(school.club.slug) > MIB)
