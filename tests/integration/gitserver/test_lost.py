"""A lost connection, a stopped server, a killed server: an accepted push goes on."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from portal.gitserver import hook
from portal.projects.models import Project

from tests.integration.gitserver.narrow_road import narrow_road
from tests.integration.gitserver.school import PATIENCE_SECONDS, School, eventually
from tests.integration.gitserver.serving import ServerProcess
from tests.integration.gitserver.student import FLASK, Running, Student


def accepted_push(
    server: ServerProcess, school: School, student: Student
) -> tuple[Project, str, Running, str]:
    project, url = school.project(), server.url(f"{school.club}/app.git", school.key("deploy"))
    folder = student.project()
    push = student.start("push", url, "main", cwd=folder)
    school.accepted(project)
    eventually(lambda: "madang attach" in push.output)
    return project, url, push, student.tip(folder)


def test_a_push_whose_pusher_vanished_still_moves_the_branch(
    own_server: ServerProcess, school: School, student: Student
) -> None:
    project, url, push, commit = accepted_push(own_server, school, student)
    push.kill()
    build = school.accepted(project)
    school.say(build, *(f"line {number}" for number in range(2000)))
    school.succeed(build)
    eventually(lambda: own_server.pushes() == 0)
    assert commit in student.git("ls-remote", url, "main").output


def test_a_stopping_server_says_that_the_deploy_goes_on_and_its_successor_moves_the_branch(
    own_server: ServerProcess, school: School, student: Student
) -> None:
    project, url, push, commit = accepted_push(own_server, school, student)
    own_server.signal(signal.SIGTERM)
    done = push.wait()
    assert done.status == 1
    assert "The git server is restarting; your deploy goes on." in done.output
    own_server.wait()
    school.succeed(school.accepted(project))
    own_server.start()
    eventually(lambda: commit in student.git("ls-remote", url, "main").output)


def test_a_stopping_server_waits_for_pushes_without_a_pusher_too(
    own_server: ServerProcess, school: School, student: Student
) -> None:
    project, url, push, commit = accepted_push(own_server, school, student)
    push.kill()
    own_server.signal(signal.SIGTERM)
    own_server.wait()
    school.succeed(school.accepted(project))
    own_server.start()
    eventually(lambda: commit in student.git("ls-remote", url, "main").output)


def test_a_killed_servers_push_is_finished_by_its_successor(
    own_server: ServerProcess, school: School, student: Student
) -> None:
    project, url, push, commit = accepted_push(own_server, school, student)
    own_server.signal(signal.SIGKILL)
    assert push.wait().status != 0
    own_server.wait()
    own_server.start()
    school.succeed(school.accepted(project))
    own_server.signal(signal.SIGKILL)
    own_server.wait()
    own_server.start()
    eventually(lambda: commit in student.git("ls-remote", url, "main").output)
    assert student.git("clone", "-q", url, "copy").status == 0


def test_a_repository_that_git_fails_on_keeps_no_other_ones_push_from_being_finished(
    own_server: ServerProcess, school: School, student: Student
) -> None:
    """A branch main and a branch main/next cannot stand beside each other."""
    broken = school.project("broken")
    folder = student.project("broken")
    url = own_server.url(f"{school.club}/broken.git", school.key("deploy"))
    push = student.start("push", url, "main", cwd=folder)
    school.succeed(school.accepted(broken, push=push))
    assert push.wait().status == 0, push.output
    Project.objects.filter(pk=broken.pk).update(deploy_branch="main/next")
    push = student.start("push", url, "HEAD:main/next", cwd=folder)
    school.succeed(school.accepted(broken, 2, push=push))
    assert "it is live, but the repository could not be updated" in push.wait().output

    project, url, push, commit = accepted_push(own_server, school, student)
    assert project.pk > broken.pk
    own_server.signal(signal.SIGKILL)
    push.wait()
    own_server.wait()
    school.succeed(school.accepted(project))
    own_server.start()
    eventually(lambda: commit in student.git("ls-remote", url, "main").output)


@pytest.mark.parametrize("server", [{"MADANG_GIT_GOODBYE_SECONDS": "1"}], indirect=True)
def test_a_stopping_server_does_not_wait_for_ever_for_an_upload(
    server: ServerProcess, school: School, student: Student
) -> None:
    project, url = school.project(), server.url(f"{school.club}/app.git", school.key("deploy"))
    folder = student.project(files={**FLASK, "data.bin": os.urandom(8 << 20)})
    with narrow_road(server.port, bytes_up=4 << 20) as road:
        through = url.replace(f":{server.port}/", f":{road.port}/")
        push = student.start("-c", "http.postBuffer=65536", "push", through, "main", cwd=folder)
        assert road.full.wait(PATIENCE_SECONDS), push.output
        server.signal(signal.SIGTERM)
        server.wait()
        push.kill()
    server.start()
    assert server.objects(project) == []
    again = student.start("push", url, "main", cwd=folder)
    school.succeed(school.accepted(project, push=again))
    assert again.wait().status == 0, again.output


@pytest.mark.parametrize(
    ("heard", "said"),
    [
        ([], "배포된 것은 없어요."),
        ([{"text": "빌드 1번"}, {"accepted": True}], "배포는 계속돼요."),
    ],
)
def test_a_hook_whose_server_is_gone_says_what_it_was_given(
    tmp_path: Path, heard: list[dict[str, object]], said: str
) -> None:
    words = {"accepted": "배포는 계속돼요.", "nothing": "배포된 것은 없어요.", "restarting": "다시 시작해요"}
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "hooks"))
        server.listen()
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", hook.__file__, "pre-receive"],
            env={
                "LC_ALL": "C",
                "MADANG_PUSH_SOCKET": str(tmp_path / "hooks"),
                "MADANG_PUSH_SECRET": "secret",
                "MADANG_PUSH_LAST_WORDS": json.dumps(words),
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert process.stdin is not None
        process.stdin.write(b"0 1 refs/heads/main\n")
        process.stdin.close()
        connection, _ = server.accept()
        with connection, connection.makefile("rb") as question:
            assert json.loads(question.readline())["updates"] == [["0", "1", "refs/heads/main"]]
            connection.sendall(b"".join(json.dumps(each).encode() + b"\n" for each in heard))
    assert process.stdout is not None
    shown = process.stdout.read().decode()
    assert process.wait() == 1
    assert shown.splitlines() == [*(str(each["text"]) for each in heard if "text" in each), said]
