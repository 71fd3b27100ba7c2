"""The command, git and the platform together: portal and git server as processes, on a real PostgreSQL."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import timezone
from portal.builds import log
from portal.builds.models import LogStream
from portal.projects.models import Project
from portal.releases.models import Release

from deployer.sentence import Sentence
from tests.integration.cli.platform_scene import PATIENCE_SECONDS, Platform, serve_two_releases, succeed
from tests.integration.cli.scene import Student
from tests.integration.gitserver.school import School, eventually


@pytest.fixture(scope="module")
def platform(
    platform_environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Platform]:
    one = Platform.on(platform_environment, tmp_path_factory.mktemp("platform"))
    try:
        one.portal.start()
        one.git.start()
        yield one
    finally:
        one.portal.kill()
        one.git.kill()


@pytest.fixture
def student(tmp_path: Path, school: School, platform: Platform) -> Student:
    """Logged in with a key of the club that may do all."""
    one = Student(tmp_path)
    done = one.madang("login", "--url", platform.url, "--key", school.key("manage"))
    assert done.returncode == 0, done.stderr
    return one


@pytest.fixture
def folder(student: Student) -> Path:
    """A Flask project, committed, with the remote that `project create` sets."""
    folder = student.repository("lunch")
    (folder / "requirements.txt").write_text("flask\n")
    (folder / "app.py").write_text("from flask import Flask\n\napp = Flask(__name__)\n")
    for words in (
        ["add", "-A"],
        ["-c", "user.name=Student", "-c", "user.email=student@school.example", "commit", "-qm", "First"],
    ):
        assert student.run("git", *words, cwd=folder).returncode == 0
    created = student.madang("project", "create", cwd=folder)
    assert created.returncode == 0, created.stderr
    return folder


@pytest.fixture
def project(school: School, folder: Path) -> Project:
    return Project.objects.select_related("club").get(club=school.club, slug="lunch")


def started(student: Student, *words: str, cwd: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        words,
        cwd=cwd,
        env=student.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def test_from_login_to_a_push_with_the_commands_that_are_told(
    student: Student, school: School, folder: Path, project: Project
) -> None:
    push = started(student, "git", "push", "madang", "main", cwd=folder)
    build = school.accepted(project)
    school.say(build, "Step 1/2: pip install")
    succeed(build.stream_id)
    shown, _ = push.communicate(timeout=PATIENCE_SECONDS)
    assert push.returncode == 0, shown
    assert "Step 1/2: pip install" in shown
    listed = json.loads(student.madang("builds", "--json", cwd=folder).stdout)
    assert [(each["number"], each["state"]) for each in listed] == [(build.pk, "succeeded")]
    assert "succeeded" in student.madang("builds", cwd=folder).stdout


def test_attach_shows_what_a_lost_push_missed_and_ends_as_the_deploy_does(
    student: Student, school: School, folder: Path, project: Project
) -> None:
    push = started(student, "git", "push", "madang", "main", cwd=folder)
    build = school.accepted(project)
    os.killpg(push.pid, signal.SIGKILL)
    push.communicate(timeout=PATIENCE_SECONDS)
    school.say(build, "written while nobody watched")
    attach = started(student, "madang", "attach", cwd=folder)
    school.say(build, "written while attached")
    log.end(build.stream_id, "failed")
    shown, _ = attach.communicate(timeout=PATIENCE_SECONDS)
    assert attach.returncode == 1
    assert shown.index("nobody watched") < shown.index("while attached") < shown.index("deploy failed")


def test_a_korean_computer_is_answered_in_korean(
    student: Student, school: School, folder: Path, project: Project
) -> None:
    korean = {"LANG": "ko_KR.UTF-8"}
    refused = student.madang("rollback", cwd=folder, **korean)
    assert "madang: 되돌아갈 이전 릴리스가 없어요." in refused.stderr
    as_json = json.loads(student.madang("rollback", "--json", cwd=folder, **korean).stderr)["error"]
    assert (as_json["reason"], as_json["what"]) == ("nothing-before", "되돌아갈 이전 릴리스가 없어요.")
    assert "There is no earlier release" in student.madang("rollback", cwd=folder, LANG="C").stderr

    stream = LogStream.objects.create(project=project, kind="push")
    log.say(stream.pk, Sentence("commit {commit}", commit="1234567"))
    log.append(stream.pk, [log.Line("build", "preparing", timezone.now())])
    succeed(stream.pk)
    attached = student.madang("attach", "--from-start", cwd=folder, **korean)
    assert "-----> 커밋 1234567\n       preparing\n" in attached.stdout
    attached = student.madang("attach", "--from-start", cwd=folder)
    assert "-----> commit 1234567\n" in attached.stdout
    assert (attached.returncode, refused.returncode) == (0, 1)
    unencodable = student.madang("rollback", cwd=folder, PYTHONIOENCODING="ascii", **korean)
    assert "madang: ??" in unencodable.stderr


def test_attach_survives_the_loss_of_the_portal(
    student: Student, school: School, folder: Path, project: Project, platform: Platform
) -> None:
    stream = LogStream.objects.create(project=project, kind="push")
    log.say(stream.pk, "before")
    attach = started(student, "madang", "attach", cwd=folder)
    assert attach.stdout is not None
    assert "before" in attach.stdout.readline()
    platform.portal.kill()
    assert "connection lost" in attach.stdout.readline()
    log.say(stream.pk, "meanwhile")
    platform.portal.start()
    succeed(stream.pk)
    shown, _ = attach.communicate(timeout=PATIENCE_SECONDS)
    assert attach.returncode == 0
    assert "before" not in shown
    assert shown.count("meanwhile") == 1


def test_a_cancelled_build_ends_its_watchers(
    student: Student, school: School, folder: Path, project: Project
) -> None:
    push = started(student, "git", "push", "madang", "main", cwd=folder)
    build = school.accepted(project)
    done = student.madang("cancel", cwd=folder)
    assert f"Build {build.pk} is cancelled" in done.stdout, done.stderr
    push.communicate(timeout=PATIENCE_SECONDS)
    assert push.returncode == 1
    assert student.madang("attach", cwd=folder).returncode == 1


def test_settings_are_kept_and_shown_only_to_who_may_manage(
    student: Student, school: School, folder: Path, platform: Platform
) -> None:
    assert "from the next push on" in student.madang("config", "set", "A=one", "B=two", cwd=folder).stdout
    assert "Nothing changed" in student.madang("config", "set", "A=one", cwd=folder).stdout
    assert student.madang("config", "unset", "B", cwd=folder).returncode == 0
    assert json.loads(student.madang("config", "list", "--json", cwd=folder).stdout) == {"A": None}
    assert json.loads(student.madang("config", "list", "--show", "--json", cwd=folder).stdout) == {"A": "one"}
    deployer = {"MADANG_KEY": school.key("deploy"), "MADANG_URL": platform.url}
    refused = student.madang("config", "list", "--show", cwd=folder, **deployer)
    assert refused.returncode == 1
    assert "`manage`" in refused.stderr


def test_a_rollback_is_watched_until_the_older_release_is_live(
    student: Student, folder: Path, project: Project
) -> None:
    serve_two_releases(project)
    listed = student.madang("releases", cwd=folder).stdout
    assert listed.index("v2") < listed.index("live") < listed.index("v1") < listed.index("retired")
    rollback = started(student, "madang", "rollback", cwd=folder)
    release = eventually(lambda: Release.objects.filter(project=project, number=3).first())
    stream = LogStream.objects.filter(project=project, kind="rollback").get()
    log.say(stream.pk, "1 of 1 ready", kind="rollout")
    succeed(stream.pk)
    shown, _ = rollback.communicate(timeout=PATIENCE_SECONDS)
    assert rollback.returncode == 0, shown
    assert "Release v3 is on its way" in shown
    assert "1 of 1 ready" in shown
    assert release.description == "rollback to release 1"


def test_a_rollback_without_anything_before_says_so(student: Student, folder: Path) -> None:
    refused = student.madang("rollback", cwd=folder)
    assert refused.returncode == 1
    assert "madang releases" in refused.stderr


def test_a_revoked_key_opens_nothing_neither_for_the_command_nor_for_git(
    student: Student, school: School, folder: Path, platform: Platform
) -> None:
    made = json.loads(student.madang("keys", "create", "minji", "--json").stdout)
    friend = Student(student.home / "friend")
    friend.home.mkdir()
    assert friend.madang("login", "--url", platform.url, "--key", made["token"]).returncode == 0
    listing = [
        "git",
        "ls-remote",
        student.run("git", "remote", "get-url", "madang", cwd=folder).stdout.strip(),
    ]
    assert friend.run(*listing).returncode == 0
    assert student.madang("keys", "revoke", made["id"]).returncode == 0
    refused = friend.run(*listing)
    assert refused.returncode != 0
    assert "madang login" in refused.stderr
    assert "not logged in" in friend.madang("whoami").stderr


def test_a_deleted_project_is_gone_from_the_list(student: Student, folder: Path) -> None:
    assert "lunch" in student.madang("project", "list").stdout
    assert student.madang("project", "delete", "--yes", cwd=folder).returncode == 0
    assert "lunch" not in student.madang("project", "list").stdout


def test_the_address_is_printed_for_a_browser_elsewhere(student: Student, folder: Path) -> None:
    done = student.madang("open", "--no-browser", cwd=folder)
    assert done.stdout.startswith("http://")
    assert done.stdout.endswith(".madang.localhost:8000\n")
