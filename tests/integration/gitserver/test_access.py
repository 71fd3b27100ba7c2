"""Who may read and push what."""

from __future__ import annotations

import base64
from datetime import timedelta

from django.utils import timezone
from portal.accounts.models import AuditEntry
from portal.builds.models import Build
from portal.clubs.models import Suspension

from tests.integration.gitserver.school import School
from tests.integration.gitserver.serving import ServerProcess
from tests.integration.gitserver.student import Student


def refused(server: ServerProcess, student: Student, repository: str, key: str, *words: str) -> None:
    """Neither pushing nor reading works, and git shows these words."""
    folder = student.project("refused")
    for command in (
        ["push", server.url(repository, key), "main"],
        ["ls-remote", server.url(repository, key)],
    ):
        done = student.git(*command, cwd=folder)
        assert done.status != 0, done.output
        for word in words:
            assert word in done.output


def test_without_a_key_git_is_asked_for_one(server: ServerProcess, school: School, student: Student) -> None:
    school.project()
    path = f"/{school.club}/app.git/info/refs?service=git-receive-pack"
    assert server.get(path)[0] == 401
    done = student.git("ls-remote", f"http://127.0.0.1:{server.port}/{school.club}/app.git")
    assert "could not read Username" in done.output


def test_a_wrong_key_is_refused_and_says_what_to_do(
    server: ServerProcess, school: School, student: Student
) -> None:
    project, key = school.project(), school.key("deploy")
    wrong = key[:-1] + ("a" if key[-1] != "a" else "b")
    refused(server, student, f"{school.club}/app.git", wrong, "mistyped, expired or revoked", "madang login")
    assert not Build.objects.filter(project=project).exists()
    assert not server.repository(project).exists()


def test_an_expired_and_a_revoked_key_are_refused(
    server: ServerProcess, school: School, student: Student
) -> None:
    school.project()
    now = timezone.now()
    repository = f"{school.club}/app.git"
    refused(
        server, student, repository, school.key("deploy", expires_at=now - timedelta(seconds=1)), "expired"
    )
    student.git("-C", str(student.home), "clean", "-fdq")
    server_side = school.key("deploy", revoked_at=now)
    assert student.git("ls-remote", server.url(repository, server_side)).status != 0


def test_another_clubs_key_cannot_tell_whether_a_project_exists(
    server: ServerProcess, school: School, student: Student
) -> None:
    school.project()
    strangers = School().key("manage")
    there = student.git("ls-remote", server.url(f"{school.club}/app.git", strangers)).output
    nowhere = student.git("ls-remote", server.url(f"{school.club}/nothing.git", strangers)).output
    assert "There is no project" in there
    assert there.replace("/app", "/nothing") == nowhere


def test_a_projects_key_opens_no_project_whose_name_begins_alike(
    server: ServerProcess, school: School, student: Student
) -> None:
    app, longer, shorter = school.project("app"), school.project("app2"), school.project("ap")
    key = school.key("deploy", project=app)
    assert student.git("ls-remote", server.url(f"{school.club}/app.git", key)).status == 0
    for other in (longer, shorter):
        refused_one = student.git("ls-remote", server.url(f"{school.club}/{other.slug}.git", key))
        assert refused_one.status != 0
        assert "There is no project" in refused_one.output


def test_a_clubs_key_opens_no_club_whose_name_begins_alike(
    server: ServerProcess, school: School, student: Student
) -> None:
    from portal.clubs.models import Club

    longer = Club.objects.create(slug=f"{school.club.slug}2", name="Longer")
    school.project(club=longer)
    assert student.git("ls-remote", server.url(f"{longer}/app.git", school.key("manage"))).status != 0


def test_a_key_that_may_only_read_fetches_and_does_not_push(
    server: ServerProcess, school: School, student: Student
) -> None:
    project = school.project()
    key = school.key("read")
    url = server.url(f"{school.club}/app.git", key)
    assert student.git("ls-remote", url).status == 0
    done = student.git("push", url, "main", cwd=student.project())
    assert done.status != 0
    assert "may not push to" in done.output
    assert "deploy" in done.output
    assert not Build.objects.filter(project=project).exists()


def test_all_but_smart_http_is_not_there(server: ServerProcess, school: School) -> None:
    school.project()
    basic = base64.b64encode(f"x:{school.key('manage')}".encode()).decode()
    club = school.club.slug
    for path in (
        f"/{club}/app.git/HEAD",
        f"/{club}/app.git/info/refs",
        f"/{club}/app.git/info/refs?service=git-upload-archive",
        f"/{club}/app.git/objects/info/packs",
        f"/{club}/app/info/refs?service=git-upload-pack",
        f"/{club}/app.git/git-upload-pack",
        f"/{club}/../{club}/app.git/info/refs?service=git-upload-pack",
        f"/{club}/app.git/info/refs/?service=git-upload-pack",
        "/1.git/info/refs?service=git-upload-pack",
        "/",
    ):
        assert server.get(path, {"Authorization": f"Basic {basic}"})[0] == 404, path


def test_the_audit_log_believes_a_forwarded_address_on_the_ingress_controllers_port_only(
    server: ServerProcess, school: School, student: Student
) -> None:
    folder = student.project()
    header = "http.extraHeader=X-Forwarded-For: 6.6.6.6, 192.0.2.9"
    key = school.key("deploy")
    addresses = []
    for slug, port in (("inside", server.port), ("outside", server.ingress_port)):
        project = school.project(slug)
        url = server.url(f"{school.club}/{slug}.git", key).replace(f":{server.port}/", f":{port}/")
        push = student.start("-c", header, "push", url, "main", cwd=folder)
        school.succeed(school.accepted(project, push=push))
        assert push.wait().status == 0
        addresses.append(AuditEntry.objects.get(action="push", club=school.club.slug, project=slug).address)
    assert addresses == ["127.0.0.1", "192.0.2.9"]


def test_a_suspended_clubs_push_is_refused_before_anything_is_stored_and_reading_goes_on(
    server: ServerProcess, school: School, student: Student
) -> None:
    project, key = school.project(), school.key("deploy")
    url, folder = server.url(f"{school.club}/app.git", key), student.project("suspended")
    suspension = Suspension.objects.create(club=school.club, why="They sent spam.", begun_by="operator:root")
    done = student.git("push", url, "main", cwd=folder)
    assert done.status != 0
    lines = suspension.explanation.lines()
    assert len(lines) == 3
    for line in lines:
        assert f"remote: {line}" in done.output
    # Nor does who sends the pack without asking first have it stored.
    basic = base64.b64encode(f"x:{key}".encode()).decode()
    path, headers = f"/{school.club}/app.git/git-receive-pack", {"Authorization": f"Basic {basic}"}
    status, body = server.get(path, headers, method="POST")
    assert (status, b"They sent spam." in body) == (403, True)
    assert not server.repository(project).exists()
    assert not Build.objects.filter(project=project).exists()
    assert student.git("ls-remote", url).status == 0
