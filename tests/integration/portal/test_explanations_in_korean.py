"""Whoever reads Korean reads in Korean why something failed; what is kept stays English."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils.translation import override
from portal.builds.models import Build, LogEntry, LogStream
from portal.clubs.models import Club
from portal.notifications.collecting import collect
from portal.notifications.models import Event
from portal.notifications.wording import Told, message
from portal.projects.actions import set_config
from portal.projects.models import Project
from portal.releases.models import Rollout

from deployer.build import BuildOutcome
from deployer.build.advice import registries_unreachable
from deployer.errors import Explanation
from deployer.rollout import RolloutOrder, RolloutOutcome
from deployer.sentence import Sentence
from tests.integration.portal.scene import BY, ScriptedCluster, key_for, lines_of, push, some_project, work
from tests.integration.portal.visitors import visit

STEP = Explanation(
    "step-failed",
    Sentence(
        "Your build stopped: {ended}.",
        ended=Sentence("the step `{step}` ended with exit code {code}", step="pip install flaskk", code="1"),
    ),
    "No matching distribution found for flaskk",
    Sentence("Check the name and version of {package} among your packages.", package="flaskk"),
)
ENGLISH = "Your build stopped: the step `pip install flaskk` ended with exit code 1."
KOREAN = "빌드가 멈췄어요: `pip install flaskk` 단계 실패, 종료 코드 1."
ADVICE = "패키지 목록에서 flaskk 이름과 버전을 확인하세요."


@pytest.fixture
def project(cluster: ScriptedCluster) -> Project:
    return some_project()


@pytest.fixture
def failed(project: Project, cluster: ScriptedCluster) -> Build:
    cluster.build_outcomes = [BuildOutcome("failed", explanation=STEP)]
    build = push(project)
    work()
    build.refresh_from_db()
    return build


def page(client: Client, place: Club | Project, path: str = "", language: str = "ko") -> str:
    where = place.slug if isinstance(place, Club) else f"{place.club.slug}/{place.slug}"
    answer = client.get(f"/clubs/{where}{path}", headers={"Accept-Language": language})
    assert answer.status_code == 200, path
    return answer.content.decode().replace("&#x27;", "'")


def test_every_page_that_tells_of_a_failed_build_tells_it_in_korean(failed: Build, project: Project) -> None:
    client = visit(project.club)
    assert KOREAN in page(client, project.club)
    for path in ("", "/builds", f"/builds/{failed.pk}"):
        shown = page(client, project, path)
        assert KOREAN in shown, path
    assert ADVICE in shown
    assert "No matching distribution found for flaskk" in shown
    shown = page(client, project, f"/builds/{failed.pk}", "en")
    assert (ENGLISH in shown, KOREAN in shown) == (True, False)


def test_rows_and_the_log_are_kept_in_english(failed: Build) -> None:
    assert failed.explanation is not None
    assert failed.explanation["what"] == ENGLISH
    assert ENGLISH in lines_of(failed.stream_id)


@pytest.mark.parametrize(
    ("asked", "language"),
    [("ko-KR, *;q=0.9", "ko"), ("en", "en"), ("", "en"), ("C, *;q=0.9", "en"), ("ko;q=0", "en")],
)
def test_the_api_answers_in_the_language_that_it_is_asked_in(
    failed: Build, project: Project, asked: str, language: str
) -> None:
    headers = {"Authorization": f"Bearer {key_for(project, 'read')}", "Accept-Language": asked}
    where = f"/api/v1/clubs/{project.club.slug}/projects/{project.slug}"
    told = {"ko": KOREAN, "en": ENGLISH}[language]
    answer = Client().get(where, headers=headers)
    assert (answer.headers["Content-Language"], answer.json()["what"]) == (language, told)
    assert "Accept-Language" in answer.headers["Vary"]
    (build,) = Client().get(f"{where}/builds", headers=headers).json()
    assert (build["reason"], build["what"]) == ("step-failed", told)

    refused = Client().post(f"{where}/builds/{failed.pk}/rebuild", headers=headers)
    error = refused.json()["error"]
    assert (refused.status_code, error["reason"]) == (403, "scope-missing")
    assert refused.json()["detail"] == error["what"]
    assert refused.headers["Content-Language"] == language
    assert ("이 키로는" in error["what"]) == (language == "ko")


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume asynchronous")
def test_the_log_of_the_page_is_in_korean_too(failed: Build, project: Project) -> None:
    client = visit(project.club)
    begins = f"빌드 {failed.pk}번: main 브랜치의 커밋 {failed.commit[:7]}"
    assert begins in page(client, project, f"/builds/{failed.pk}")
    where = f"/clubs/{project.club.slug}/{project.slug}/streams/{failed.stream_id}/log.txt"
    file = client.get(where, headers={"Accept-Language": "ko"})
    assert begins in b"".join(list(file)).decode()  # type: ignore[call-overload]


def test_a_row_of_before_is_shown_as_it_was_written(failed: Build, project: Project) -> None:
    told = {
        "reason": "step-failed",
        "what": ENGLISH,
        "evidence": "a line",
        "next": "It is built again by itself.",
    }
    Build.objects.filter(pk=failed.pk).update(explanation=told)
    LogStream.objects.filter(pk=failed.stream_id).update(explanation=told)
    LogEntry.objects.filter(stream_id=failed.stream_id).update(said=None)
    shown = page(visit(project.club), project, f"/builds/{failed.pk}")
    assert (ENGLISH in shown, KOREAN in shown) == (True, False)
    # What nothing was filled into is known by its text.
    assert "저절로 다시 빌드돼요." in shown


def test_what_the_platform_gave_up_is_told_with_the_last_trouble_in_korean(
    project: Project, cluster: ScriptedCluster
) -> None:
    trouble = BuildOutcome("lost", explanation=registries_unreachable(["curl: (7) no route"]))
    cluster.build_outcomes = [trouble] * 5
    build = push(project)
    work()
    shown = page(visit(project.club), project, f"/builds/{build.pk}")
    assert "플랫폼이 5번 실패했어요." in shown
    assert "코드 문제가 아니에요. 패키지 저장소에 연결할 수 없었어요.\ncurl: (7) no route" in shown


def test_how_far_a_rollout_is_and_why_it_failed(project: Project, cluster: ScriptedCluster) -> None:
    client = visit(project.club)
    seen: list[str] = []

    def look(order: RolloutOrder, stop: object) -> RolloutOutcome | None:
        seen.append(page(client, project, "/releases/1"))
        return None

    cluster.during_rollout = look
    cluster.rollout_outcomes = [
        RolloutOutcome(
            "failed",
            Explanation(
                "app-crashed",
                Sentence(
                    "Your app crashed as it started ({code}).", code=Sentence("exit code {code}", code=1)
                ),
                "",
                "Correct the error above, commit and push again.",
            ),
        )
    ]
    push(project)
    work()
    assert "1개 중 1개 준비됨" in seen[0]
    assert Rollout.objects.get().progress == "1 of 1 ready"
    for path in ("", "/releases", "/releases/1"):
        assert "앱이 시작하다가 멈췄어요 (종료 코드 1)." in page(client, project, path), path


def test_a_message_is_in_its_channels_language(failed: Build, project: Project) -> None:
    collect()
    event = Event.objects.get()
    told = Told(event.kind, event.at, project.club.slug, event.project, event.data)
    with override("ko"):
        assert message(told).lines == (KOREAN, "No matching distribution found for flaskk", ADVICE)
    with override("en"):
        assert message(told).lines[0] == ENGLISH


def test_a_secret_is_hidden_in_every_language(project: Project, cluster: ScriptedCluster) -> None:
    set_config(by=BY, project=project, set={"TOKEN": "hunter2-hunter2"})
    step = Sentence("the step `{step}` ended with exit code {code}", step="login hunter2-hunter2", code="1")
    told = Explanation("step-failed", Sentence("Your build stopped: {ended}.", ended=step), "", "")
    cluster.build_outcomes = [BuildOutcome("failed", explanation=told)]
    build = push(project)
    work()
    build.refresh_from_db()
    assert "hunter2" not in str(build.explanation)
    assert "`login [hidden]` 단계 실패" in page(visit(project.club), project, f"/builds/{build.pk}")


def test_a_refusal_of_the_page_is_in_korean(failed: Build, project: Project) -> None:
    answer = visit(project.club).post(
        f"/clubs/{project.club.slug}/{project.slug}/builds/{failed.pk}/redeploy",
        headers={"Accept-Language": "ko"},
    )
    assert answer.status_code == 409
    assert f"빌드 {failed.pk}번은 이미지를 만들지 못했어요: 실패." in answer.content.decode()
