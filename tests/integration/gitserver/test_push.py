"""A push is a deploy: it shows the log, and its end is the deploy's end."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from portal.builds.models import Build, BuildState, QuietTime

from deployer.errors import Explanation
from tests.integration.gitserver.school import School, eventually
from tests.integration.gitserver.serving import ServerProcess
from tests.integration.gitserver.student import FLASK, Student


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
    school.fail(
        build, Explanation("broken", "pip could not install.", "exit code 1", "See requirements.txt.")
    )
    done = push.wait()

    assert done.status == 1
    for words in (
        "pip could not install.",
        "exit code 1",
        "See requirements.txt.",
        "pre-receive hook declined",
    ):
        assert words in done.output
    assert student.git("ls-remote", url).output == ""

    again = student.start("push", url, "main", cwd=folder)
    school.succeed(school.accepted(project, 2))
    assert again.wait().status == 0, again.output


def test_what_was_pushed_can_be_cloned_and_fetched(
    server: ServerProcess, school: School, student: Student
) -> None:
    project, url = school.project(), server.url(f"{school.club}/app.git", school.key("deploy"))
    folder = student.project()
    deploy(school, student, project, url, folder)
    assert student.git("clone", "-q", url, "copy").output == ""
    assert (student.home / "copy" / "app.py").read_text() == (folder / "app.py").read_text()

    for version in range(30):
        student.commit(folder, {"app.py": f"# {version}\n" + (folder / "app.py").read_text()})
    deploy(school, student, project, url, folder, count=2)
    assert student.git("pull", "-q", cwd=student.home / "copy").output == ""
    assert student.tip(student.home / "copy") == student.tip(folder)


def test_the_older_git_protocol_works_too(server: ServerProcess, school: School, student: Student) -> None:
    project, url = school.project(), server.url(f"{school.club}/app.git", school.key("deploy"))
    folder = student.project()
    deploy(school, student, project, url, folder)
    for version in ("0", "1", "2"):
        done = student.git("-c", f"protocol.version={version}", "clone", "-q", url, f"copy-{version}")
        assert done.status == 0, done.output


def test_a_forced_push_deploys(server: ServerProcess, school: School, student: Student) -> None:
    project, url = school.project(), server.url(f"{school.club}/app.git", school.key("deploy"))
    folder = student.project()
    deploy(school, student, project, url, folder)
    assert student.git("commit", "-q", "--amend", "-m", "Again", cwd=folder).status == 0
    deploy(school, student, project, url, folder, "--force", count=2)
    assert student.tip(folder) in student.git("ls-remote", url, "main").output


def test_another_branch_is_answered_with_the_command_to_use(
    server: ServerProcess, school: School, student: Student
) -> None:
    project, url = school.project(), server.url(f"{school.club}/app.git", school.key("deploy"))
    folder = student.project()
    assert student.git("checkout", "-q", "-b", "feature", cwd=folder).status == 0
    done = student.git("push", url, "feature", cwd=folder)
    assert done.status == 1
    assert "Only the branch main is deployed" in done.output
    assert "git push madang feature:main" in done.output
    assert "HEAD:main" in done.output
    everything = student.git("push", url, "--all", cwd=folder)
    assert everything.status == 1
    assert "git push madang main" in everything.output
    assert not Build.objects.filter(project=project).exists()


def test_tags_are_kept_and_deploy_nothing(server: ServerProcess, school: School, student: Student) -> None:
    project, url = school.project(), server.url(f"{school.club}/app.git", school.key("deploy"))
    folder = student.project()
    deploy(school, student, project, url, folder)
    assert student.git("tag", "-a", "v1", "-m", "One", cwd=folder).status == 0
    done = student.git("push", url, "v1", cwd=folder)
    assert done.status == 0, done.output
    assert "Tags are not deployed" in done.output
    assert "refs/tags/v1" in student.git("ls-remote", url).output

    student.commit(folder, {"more.txt": "more"})
    assert student.git("tag", "-a", "v2", "-m", "Two", cwd=folder).status == 0
    deploy(school, student, project, url, folder, "--follow-tags", count=2)
    assert "refs/tags/v2" in student.git("ls-remote", url).output


def test_the_deployed_branch_cannot_be_deleted(
    server: ServerProcess, school: School, student: Student
) -> None:
    project, url = school.project(), server.url(f"{school.club}/app.git", school.key("deploy"))
    folder = student.project()
    deploy(school, student, project, url, folder)
    done = student.git("push", url, ":main", cwd=folder)
    assert done.status == 1
    assert "cannot be deleted" in done.output
    assert student.tip(folder) in student.git("ls-remote", url).output


def test_a_project_that_nobody_can_build_is_refused_at_once(
    server: ServerProcess, school: School, student: Student
) -> None:
    project, url = school.project(), server.url(f"{school.club}/app.git", school.key("deploy"))
    folder = student.project(files={"madang.yaml": "web: [\n"})
    done = student.git("push", url, "main", cwd=folder)
    assert done.status == 1
    assert "-----> Refused: " in done.output
    assert "madang.yaml" in done.output
    assert not Build.objects.filter(project=project).exists()


def test_a_push_beyond_the_clubs_budget_is_refused_before_it_is_built(
    server: ServerProcess, school: School, student: Student
) -> None:
    project, url = school.project(), server.url(f"{school.club}/app.git", school.key("deploy"))
    folder = student.project(files={**FLASK, "madang.yaml": "web:\n  replicas: 2\n  memory: 3Gi\n"})
    done = student.git("push", url, "main", cwd=folder)
    assert done.status == 1
    assert "-----> Refused: This release does not fit into your club's budget" in done.output
    assert "app: 6144 MiB of memory, 500m of cpu, 2 copies (this release)" in done.output
    assert "Lower replicas, memory or cpu in madang.yaml" in done.output
    assert not Build.objects.filter(project=project).exists()


def test_a_link_out_of_the_project_is_refused(
    server: ServerProcess, school: School, student: Student
) -> None:
    school.project()
    url = server.url(f"{school.club}/app.git", school.key("deploy"))
    folder = student.project()
    (folder / "secrets").symlink_to("/etc/passwd")
    student.commit(folder, {"more.txt": "more"})
    done = student.git("push", url, "main", cwd=folder)
    assert done.status == 1
    assert "symbolic link" in done.output


@pytest.mark.parametrize("server", [{"MADANG_GIT_HEARTBEAT_SECONDS": "0.5"}], indirect=True)
def test_a_silent_build_still_says_that_it_goes_on(
    server: ServerProcess, school: School, student: Student
) -> None:
    project, url = school.project(), server.url(f"{school.club}/app.git", school.key("deploy"))
    push = student.start("push", url, "main", cwd=student.project())
    build = school.accepted(project)
    eventually(lambda: "... waiting" in push.output)
    school.take(build)
    eventually(lambda: push.output.count("... still working") >= 3)
    school.succeed(build)
    assert push.wait().status == 0


def test_the_connection_is_kept_by_an_empty_packet_while_all_is_silent(
    server: ServerProcess, school: School, student: Student
) -> None:
    project, url = school.project(), server.url(f"{school.club}/app.git", school.key("deploy"))
    push = student.start("push", url, "main", cwd=student.project(), GIT_TRACE_PACKET="1")
    build = school.accepted(project)
    eventually(lambda: push.output.count("packet:     sideband< \\1") >= 1 or "sideband< \\1" in push.output)
    school.succeed(build)
    assert push.wait().status == 0


def test_a_waiting_push_sees_its_place_in_the_queue(
    server: ServerProcess, school: School, student: Student
) -> None:
    others = [school.project(f"other{number}") for number in range(2)]
    key = school.key("deploy")
    folder = student.project()
    before = []
    for other in others:
        url = server.url(f"{school.club}/{other.slug}.git", key)
        before.append((student.start("push", url, "main", cwd=folder), other))
        school.accepted(other)
    project = school.project()
    push = student.start("push", server.url(f"{school.club}/app.git", key), "main", cwd=folder)
    build = school.accepted(project)
    mine = Build.objects.filter(project__club=school.club, state=BuildState.QUEUED, pk__lt=build.pk)
    assert mine.count() == 2
    # What others' tests may have left in the queue is counted too.
    told = re.compile(r"2 builds of your club are before yours|before yours, 2 of them of your club")
    eventually(lambda: told.search(push.output))
    for running, other in before:
        school.succeed(school.accepted(other))
        assert running.wait().status == 0
    school.succeed(build)
    assert push.wait().status == 0


def test_a_push_in_the_registrys_quiet_time_is_told_what_it_waits_for(
    server: ServerProcess, school: School, student: Student
) -> None:
    quiet = QuietTime.objects.create(until=timezone.now() + timedelta(hours=1))
    project, url = school.project(), server.url(f"{school.club}/app.git", school.key("deploy"))
    push = student.start("push", url, "main", cwd=student.project())
    build = school.accepted(project)
    eventually(lambda: "The registry tidies up; builds go on by themselves" in push.output)
    quiet.delete()
    school.succeed(build)
    assert push.wait().status == 0


def test_a_newer_push_takes_the_place_of_a_waiting_one(
    server: ServerProcess, school: School, student: Student
) -> None:
    project, url = school.project(), server.url(f"{school.club}/app.git", school.key("deploy"))
    folder = student.project()
    older = student.start("push", url, "main", cwd=folder)
    school.accepted(project)
    student.commit(folder, {"more.txt": "more"})
    newer = student.start("push", url, "main", cwd=folder)
    build = school.accepted(project, 2)
    superseded = older.wait()
    assert superseded.status == 1
    assert "A newer push" in superseded.output
    school.succeed(build)
    assert newer.wait().status == 0, newer.output
    assert student.tip(folder) in student.git("ls-remote", url, "main").output


def test_a_push_that_began_while_another_was_built_wins_in_the_end(
    server: ServerProcess, school: School, student: Student
) -> None:
    project, url = school.project(), server.url(f"{school.club}/app.git", school.key("deploy"))
    folder = student.project()
    first = student.start("push", url, "main", cwd=folder)
    first_build = school.accepted(project)
    school.take(first_build)
    student.commit(folder, {"more.txt": "more"})
    second = student.start("push", url, "main", cwd=folder)
    second_build = school.accepted(project, 2)
    school.built(first_build)
    school.take(second_build)
    school.succeed(first_build)
    assert first.wait().status == 0, first.output
    school.succeed(second_build)
    assert second.wait().status == 0, second.output
    assert student.tip(folder) in student.git("ls-remote", url, "main").output


@pytest.mark.parametrize("server", [{"MADANG_GIT_PROJECT_PUSH_CONCURRENCY": "1"}], indirect=True)
def test_too_many_pushes_of_one_project_are_asked_to_wait_and_others_go_on(
    server: ServerProcess, school: School, student: Student
) -> None:
    project, other, key = school.project(), school.project("other"), school.key("deploy")
    folder = student.project()
    url = server.url(f"{school.club}/app.git", key)
    first = student.start("push", url, "main", cwd=folder)
    build = school.accepted(project, push=first)
    second = student.git("push", url, "main", cwd=folder)
    assert second.status != 0
    assert "Try again in a minute." in second.output
    deploy(school, student, other, server.url(f"{school.club}/other.git", key), folder)
    school.succeed(build)
    assert first.wait().status == 0


def deploy(
    school: School, student: Student, project: object, url: str, folder: object, *options: str, count: int = 1
) -> None:
    """A push that succeeds."""
    push = student.start("push", *options, url, "main", cwd=folder)  # type: ignore[arg-type]
    school.succeed(school.accepted(project, count, push))  # type: ignore[arg-type]
    done = push.wait()
    assert done.status == 0, done.output
