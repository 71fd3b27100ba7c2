"""A push speaks the language of the pusher's git."""

from __future__ import annotations

import http.client
import subprocess
from base64 import b64encode
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.utils import timezone
from portal.builds.models import Build, QuietTime

from deployer.errors import Explanation
from deployer.sentence import Sentence
from tests.integration.gitserver.school import School, eventually
from tests.integration.gitserver.serving import ServerProcess
from tests.integration.gitserver.student import Running, Student

KOREAN = {"LANGUAGE": "ko"}


@pytest.fixture(scope="session")
def korean_machine(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The variables of a machine that is set up in Korean: git asks the C library, which has to know it."""
    folder = tmp_path_factory.mktemp("locales")
    made = folder / "ko_KR.UTF-8"
    subprocess.run(["localedef", "-i", "ko_KR", "-f", "UTF-8", str(made)], check=True)
    return {"LANG": "ko_KR.UTF-8", "LOCPATH": str(folder)}


def test_a_korean_machine_reads_the_whole_push_in_korean(
    server: ServerProcess, school: School, student: Student, korean_machine: dict[str, str]
) -> None:
    project, url = school.project(), server.url(f"{school.club}/app.git", school.key("deploy"))
    folder = student.project()
    quiet = QuietTime.objects.create(until=timezone.now() + timedelta(minutes=5))
    push = student.start("push", url, "main", cwd=folder, **korean_machine)
    build = school.accepted(project, push=push)
    eventually(lambda: f"-----> 빌드 {build.pk}번: main 브랜치의 커밋 {build.commit[:7]}" in push.output)
    assert "requirements.txt: Python 3.12(기본값), pip" in push.output
    assert "app.py 3번째 줄: app = Flask(…)" in push.output
    eventually(lambda: "이미지 저장소를 정리하고 있어요" in push.output)
    quiet.delete()
    school.take(build)
    school.say(build, "Collecting flask")
    school.succeed(build)
    done = push.wait()
    assert done.status == 0, done.output
    assert "연결이 끊기면 이어서 볼 수 있어요:  madang attach" in done.output
    assert "remote:        Collecting flask" in done.output
    assert f"-----> 서비스 중: http://{project.subdomain}.madang.localhost:8000" in done.output
    assert "Lost the connection" not in done.output


def test_a_failed_build_is_explained_in_korean_and_what_the_builder_wrote_stays(
    server: ServerProcess, school: School, student: Student
) -> None:
    project, url = school.project(), server.url(f"{school.club}/app.git", school.key("deploy"))
    push = student.start("push", url, "main", cwd=student.project(), **KOREAN)
    build = school.accepted(project, push=push)
    # As a builder may print what the platform says too: it is the builder's line.
    school.say(build, "preparing", "The Dockerfile cannot be understood.")
    ended = Sentence(
        "the step `{step}` ended with exit code {code}", step="\x1b[31mpip install\x1b[0m", code=1
    )
    school.fail(
        build,
        Explanation(
            "step-failed",
            Sentence("Your build stopped: {ended}.", ended=ended),
            "The Dockerfile cannot be understood.",
            "Correct what the lines above name, commit and push again.",
        ),
    )
    done = push.wait()
    assert done.status == 1
    for line in (
        "       preparing",
        "       The Dockerfile cannot be understood.",
        "-----> 빌드가 멈췄어요: `pip install` 단계 실패, 종료 코드 1.",
        "         The Dockerfile cannot be understood.",
        "       위에 나온 내용을 고치고 커밋한 다음 다시 푸시하세요.",
    ):
        assert f"remote: {line}" in done.output
    assert "\x1b[31m" not in done.output


def test_two_pushes_at_once_speak_each_its_own_language(
    server: ServerProcess, school: School, student: Student
) -> None:
    key, folder = school.key("deploy"), student.project()
    pushes: list[tuple[Running, Build]] = []
    for name, language in (("one", KOREAN), ("two", {})):
        project = school.project(name)
        push = student.start(
            "push", server.url(f"{school.club}/{name}.git", key), "main", cwd=folder, **language
        )
        pushes.append((push, school.accepted(project, push=push)))
    for push, build in pushes:
        school.succeed(build)
        assert push.wait().status == 0, push.output
    korean, english = (push.output for push, _ in pushes)
    assert "서비스 중:" in korean
    assert "Live:" not in korean
    assert "Live:" in english
    assert "서비스 중" not in english


def test_a_refusal_is_told_in_korean_before_anything_is_taken(
    server: ServerProcess, school: School, student: Student
) -> None:
    project, key = school.project(), school.key("deploy")
    folder = student.project()
    url = server.url(f"{school.club}/app.git", key)
    assert student.git("checkout", "-q", "-b", "feature", cwd=folder).status == 0
    done = student.git("push", url, "feature", cwd=folder, **KOREAN)
    assert done.status == 1
    assert "-----> 거절됨: main 브랜치만 배포돼요. 이 푸시에 다른 것이 들어 있어요: feature." in done.output
    assert "배포하려면:  git push madang feature:main" in done.output
    assert not Build.objects.filter(project=project).exists()

    reader = server.url(f"{school.club}/app.git", school.key("read"))
    refused = student.git("push", reader, "feature:main", cwd=folder, **KOREAN)
    assert f"이 키로는 {school.club}/app 프로젝트에 푸시할 수 없어요." in refused.output
    missing = student.git("push", server.url(f"{school.club}/none.git", key), "main", cwd=folder, **KOREAN)
    assert f"{school.club}/none 프로젝트가 없거나, 이 키로는 볼 수 없어요." in missing.output


def test_a_plan_that_cannot_be_is_explained_in_korean(
    server: ServerProcess, school: School, student: Student
) -> None:
    school.project()
    folder = student.project(files={"notes.txt": "nothing to run"})
    url = server.url(f"{school.club}/app.git", school.key("deploy"))
    done = student.git("push", url, "main", cwd=folder, **KOREAN)
    assert "-----> 거절됨: 어떻게 빌드해야 할지 알 수 없어요." in done.output
    assert "         저장소 맨 위: notes.txt" in done.output


def test_a_git_that_does_not_say_it_again_with_the_pack_is_answered_as_it_began(
    server: ServerProcess, school: School
) -> None:
    school.project()
    url = urlsplit(server.url(f"{school.club}/app.git", school.key("deploy")))
    key = b64encode(f"{url.username}:{url.password}".encode()).decode()
    assert url.hostname

    def ask(method: str, tail: str, **headers: str) -> tuple[int, str, str | None]:
        connection = http.client.HTTPConnection(url.hostname or "", url.port, timeout=60)
        connection.putrequest(method, f"{url.path}/{tail}")
        for name, value in {"Authorization": f"Basic {key}", **headers}.items():
            connection.putheader(name.replace("_", "-"), value)
        connection.endheaders()
        answer = connection.getresponse()
        said = answer.read().decode(errors="replace")
        return answer.status, said, answer.headers["Content-Language"]

    far_too_much = str(1 << 40)
    refs = "info/refs?service=git-receive-pack"
    assert ask("GET", refs, Accept_Language="ko-KR, *;q=0.9")[0] == 200
    status, said, language = ask("POST", "git-receive-pack", Content_Length=far_too_much)
    assert (status, language) == (413, "ko")
    assert "보다 훨씬 커요" in said
    assert ask("GET", refs)[0] == 200
    status, said, language = ask("POST", "git-receive-pack", Content_Length=far_too_much)
    assert (status, language) == (413, "en")
    assert "far larger" in said
