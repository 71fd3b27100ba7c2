"""What was done too often: 429 says which action, why, and when the same works again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from portal.clubs.inviting import MOST_AN_HOUR, invite
from portal.clubs.models import Invitation
from portal.pacing import wait_seconds
from portal.problems import Action, Limited
from portal.projects import applogs
from portal.projects.actions import set_config
from portal.projects.models import Project
from portal.releases import making
from portal.releases.models import Release

from tests.integration.portal.scene import BY, ScriptedCluster, key_for, push, some_project, work
from tests.integration.portal.test_portal_api import Api

pytestmark = pytest.mark.usefixtures("clean")


@pytest.fixture
def project(cluster: ScriptedCluster) -> Project:
    return some_project("menu")


@pytest.fixture
def api(project: Project) -> Api:
    return Api(key_for(project, "deploy"))


def at(project: Project, path: str) -> str:
    return f"/clubs/{project.club.slug}/projects/{project.slug}{path}"


def limited(api: Api, answer: tuple[int, Any], action: str) -> dict[str, Any]:
    """The answer, once it is found to be one that a program can go by."""
    status, told = answer
    assert (status, told["status"], told["title"]) == (429, 429, "Too Many Requests")
    assert api.headers["Content-Type"] == "application/problem+json"
    assert told["action"] == action
    assert int(api.headers["Retry-After"]) == told["retry_after_seconds"] >= 1
    assert told["detail"] == told["error"]["what"]
    assert told["error"]["next"]
    assert told["type"].endswith("/help/students#in-scripts")
    return dict(told)


def test_variables_that_are_changed_all_the_time_wait_for_their_oldest_release(
    api: Api, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_config(by=BY, project=project, set={"DATA": "x" * 3000})
    push(project)
    work()
    monkeypatch.setattr(making, "MOST_CONFIG_BYTES_AN_HOUR", 9000)
    Release.objects.update(created_at=timezone.now() - timedelta(minutes=50))
    set_config(by=BY, project=project, set={"A": "1"})
    work()
    change = {"set": {"A": "2"}}
    told = limited(api, api.call("PATCH", at(project, "/config"), change), "make-release")
    assert told["error"]["reason"] == "too-much-config"
    # The first release is an hour old in ten minutes; with it out of the way one more fits.
    assert 300 < told["retry_after_seconds"] <= 600
    limited(api, api.call("POST", at(project, "/rollback"), {"version": 1}), "make-release")
    assert api.get(at(project, ""))[0] == 200
    Release.objects.filter(number=1).update(created_at=timezone.now() - timedelta(minutes=61))
    assert api.call("PATCH", at(project, "/config"), change)[0] == 200


def test_a_log_without_a_place_is_refused_before_it_begins(
    api: Api, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(applogs, "MOST_OF_A_CLUB", 0)
    told = limited(api, api.get(at(project, "/logs?follow=true")), "follow-logs")
    assert told["error"]["reason"] == "too-many-readers"


def test_every_refusal_is_problem_json(api: Api, project: Project) -> None:
    for path, status in (("/clubs/none/projects", 404), (at(project, "/config?show=true"), 403)):
        answer = api.get(path)
        assert (answer[0], answer[1]["status"], answer[1]["type"]) == (status, status, "about:blank")
        assert api.headers["Content-Type"] == "application/problem+json"


def test_the_schema_says_which_actions_are_limited_and_how_all_refuse() -> None:
    schema = Client().get("/api/v1/openapi.json").json()
    operations = {
        operation["operationId"].rpartition("_api_")[2]: operation
        for methods in schema["paths"].values()
        for operation in methods.values()
    }
    for name, operation in operations.items():
        assert operation["responses"]["default"] == {"$ref": "#/components/responses/Refused"}, name
    too_often = schema["components"]["responses"]["TooOften"]
    assert "Retry-After" in too_often["headers"]
    assert set(schema["components"]["schemas"]["Action"]["enum"]) == set(Action)
    assert set(too_often["content"]) == {"application/problem+json"}
    places = {
        (method, path.rpartition("/")[2])
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
        if "429" in operation["responses"]
    }
    assert places == {("patch", "config"), ("post", "rollback"), ("get", "logs")}


def test_one_more_fits_when_the_one_that_fills_the_time_has_grown_old(project: Project) -> None:
    for number in range(MOST_AN_HOUR):
        invite(by=BY, club=project.club, email=f"a{number}@b.example", role="member", language="en")
    with pytest.raises(Limited) as refused:
        invite(by=BY, club=project.club, email="c@d.example", role="member", language="en")
    assert refused.value.action == Action.INVITE
    assert 3300 < refused.value.retry_after_seconds <= 3600
    rows, hour = Invitation.objects.all(), timedelta(hours=1)
    oldest = rows.order_by("created_at").values("pk")[:1]
    Invitation.objects.filter(pk__in=oldest).update(created_at=timezone.now() - timedelta(minutes=59))
    assert 1 <= (wait_seconds(rows, "created_at", MOST_AN_HOUR, hour) or 0) <= 60
    assert wait_seconds(rows, "created_at", MOST_AN_HOUR + 1, hour) is None
