"""A push is a deploy: it shows the log, and its end is the deploy's end."""

from __future__ import annotations

from pathlib import Path

from deployer.errors import Explanation
from tests.integration.gitserver.school import School
from tests.integration.gitserver.serving import ServerProcess
from tests.integration.gitserver.student import Student


def test_a_push_shows_the_log_and_moves_the_branch_when_it_is_live(
    server: ServerProcess, school: School, student: Student
) -> None:
    project, key = school.project(), school.key("deploy")
    folder = student.project()
    url = server.url(f"{school.club}/app.git", key)

    push = student.start("push", url, "main", cwd=folder)
    build = school.accepted(project)
    school.take(build)
    school.say(build, "Collecting flask", "\x1b[31mred\x1b[0m 10%\r 100%")
    school.say(build, "1 of 1 ready", kind="rollout")
    assert student.git("ls-remote", url, cwd=folder).output == ""
    school.succeed(build)
    done = push.wait()

    assert done.status == 0, done.output
    assert "remote:        Collecting flask" in done.output
    assert "remote:         100%" in done.output
    assert "\x1b[31m" not in done.output
    assert "remote:        1 of 1 ready" in done.output
    assert f"-----> Live: http://{project.subdomain}.madang.localhost:8000" in done.output
    assert done.output.count("madang attach") == 1
    assert student.tip(folder) in student.git("ls-remote", url, "main", cwd=folder).output
    assert build.commit == student.tip(folder)


def test_a_failed_deploy_fails_the_push_with_the_explanation_and_leaves_the_branch(
    server: ServerProcess, school: School, student: Student
) -> None:
    project, key = school.project(), school.key("deploy")
    folder = student.project()
    url = server.url(f"{school.club}/app.git", key)

    push = student.start("push", url, "main", cwd=folder)
    build = school.accepted(project)
    school.fail(build, Explanation("broken", "pip could not install.", "exit code 1", "See requirements.txt."))
    done = push.wait()

    assert done.status == 1
    for words in ("pip could not install.", "exit code 1", "See requirements.txt.", "pre-receive hook declined"):
        assert words in done.output
    assert student.git("ls-remote", url).output == ""

    again = student.start("push", url, "main", cwd=folder)
    school.succeed(school.accepted(project, 2))
    assert again.wait().status == 0, again.output
