"""API v1 as a client sees it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from portal.accounts.models import AccessKey, AuditEntry
from portal.projects.models import Project

from deployer.build import BuildOutcome
from tests.integration.portal.scene import WHY, ScriptedCluster, key_for, push, some_project, work

pytestmark = pytest.mark.usefixtures("clean")


class Api:
    """A client with a key."""

    def __init__(self, key: str | None) -> None:
        self._client = Client(headers={"Authorization": f"Bearer {key}"} if key else {})

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        answer = self._client.generic(
            method,
            f"/api/v1{path}",
            data="" if body is None else json.dumps(body),
            content_type="application/json",
            headers=headers,
        )
        self.headers = answer.headers
        return answer.status_code, json.loads(answer.content) if answer.content else None

    def get(self, path: str) -> tuple[int, Any]:
        return self.call("GET", path)


@pytest.fixture
def project() -> Project:
    return some_project("menu")


@pytest.fixture
def api(project: Project) -> Api:
    return Api(key_for(project, "manage"))


@pytest.fixture
def club(project: Project) -> str:
    return f"/clubs/{project.club.slug}"


def test_whoami_tells_the_key_and_the_addresses(api: Api, project: Project) -> None:
    status, me = api.get("/whoami")
    assert status == 200
    assert me["key"]["club"] == project.club.slug
    assert me["key"]["scopes"] == ["manage"]
    assert me["git_url"] == "http://git.madang.localhost:8000"


@pytest.mark.parametrize("key", [None, "mdg_aaaaaaaaaa_" + "b" * 36, "nonsense", ""])
def test_without_a_good_key_everything_is_401(key: str | None, club: str) -> None:
    for path in ("/whoami", f"{club}/projects", "/streams/1", f"{club}/projects/menu/logs"):
        status, answer = Api(key).get(path)
        assert (status, answer["error"]["reason"]) == (401, "key-refused")


def test_a_project_is_made_listed_shown_and_deleted(api: Api, club: str) -> None:
    status, made = api.call("POST", f"{club}/projects", {"name": "clock"})
    assert status == 201
    assert made["url"] == "http://clock.madang.localhost:8000"
    assert made["git_url"].endswith("/clock.git")
    assert (made["state"], made["release"]) == ("empty", None)
    assert [each["name"] for each in api.get(f"{club}/projects")[1]] == ["clock", "menu"]
    assert api.get(f"{club}/projects/clock") == (200, made)
    assert api.call("DELETE", f"{club}/projects/clock") == (204, None)
    assert api.get(f"{club}/projects/clock")[0] == 404
    assert [each["name"] for each in api.get(f"{club}/projects")[1]] == ["menu"]


def test_what_is_no_text_is_refused_and_no_mistake_of_ours(api: Api, club: str) -> None:
    for answer in (
        api.get(f"{club}/projects/%00"),
        api.get(f"{club}/projects?after=%00"),
        api.call("PATCH", f"{club}/projects/menu/config", {"set": {"A": "\ud800"}}),
    ):
        assert (answer[0], answer[1]["error"]["reason"]) == (422, "bad-text")
    assert AccessKey.objects.count() == 1


def test_lists_come_in_pages(api: Api, club: str) -> None:
    for name in ("a", "b", "c"):
        api.call("POST", f"{club}/projects", {"name": name})
    names, path = [], f"{club}/projects?limit=3"
    while path:
        names.append([each["name"] for each in api.get(path)[1]])
        link = api.headers.get("Link", "")
        path = link[1 : link.index(">")].removeprefix("/api/v1") if link else ""
    assert names == [["a", "b", "c"], ["menu"]]


def test_what_may_not_be_seen_answers_like_what_is_not_there(api: Api, club: str, project: Project) -> None:
    other = some_project("secret")
    push(other)
    mine = key_for(project, "manage", only=True)
    for client, there, not_there in (
        (api, f"/clubs/{other.club.slug}/projects/secret", f"/clubs/{other.club.slug}/projects/nothing"),
        (api, f"/clubs/{other.club.slug}/projects", "/clubs/nothing/projects"),
        (Api(mine), f"{club}/projects/other", f"{club}/projects/nothing"),
    ):
        first, second = client.get(there), client.get(not_there)
        assert first[0] == second[0] == 404
        assert set(first[1]["error"]) == {"reason", "what", "evidence", "next"}
    from portal.builds.models import LogStream

    stream = LogStream.objects.get()
    assert api.get(f"/streams/{stream.pk}")[0] == api.get(f"/streams/{stream.pk + 1}")[0] == 404


def test_a_smaller_scope_is_told_which_one_is_missing(club: str, project: Project) -> None:
    reader = Api(key_for(project, "read"))
    for method, path, body in (
        ("PATCH", f"{club}/projects/menu/config", {"set": {"A": "b"}}),
        ("POST", f"{club}/projects/menu/rollback", {"version": None}),
        ("DELETE", f"{club}/projects/menu", None),
        ("POST", f"{club}/projects", {"name": "x"}),
        ("GET", f"{club}/keys", None),
        ("GET", f"{club}/projects/menu/config?show=true", None),
    ):
        status, answer = reader.call(method, path, body)
        assert (status, answer["error"]["reason"]) == (403, "scope-missing"), path


def test_settings_show_their_values_only_when_asked(api: Api, club: str) -> None:
    path = f"{club}/projects/menu/config"
    assert api.call("PATCH", path, {"set": {"A": "secret"}, "unset": ["B"]}) == (
        200,
        {"changed": ["A"], "version": None, "stream": None},
    )
    assert api.get(path) == (200, {"variables": {"A": None}})
    assert api.get(f"{path}?show=true") == (200, {"variables": {"A": "secret"}})


def test_a_refused_value_is_not_repeated_in_the_answer(api: Api, club: str) -> None:
    status, answer = api.call("PATCH", f"{club}/projects/menu/config", {"set": {"A": {"x": "hunter2"}}})
    assert status == 422
    assert "hunter2" not in json.dumps(answer)
    assert answer["error"]["reason"] == "bad-request"


def test_builds_and_releases_tell_what_became_of_each_push(
    api: Api, club: str, project: Project, cluster: ScriptedCluster
) -> None:
    good = push(project)
    work()
    cluster.build_outcomes = [BuildOutcome("failed", explanation=WHY)]
    bad = push(project)
    work()
    builds = api.get(f"{club}/projects/menu/builds")[1]
    assert [(each["number"], each["state"], each["reason"]) for each in builds] == [
        (bad.pk, "failed", "it-broke"),
        (good.pk, "succeeded", ""),
    ]
    releases = api.get(f"{club}/projects/menu/releases")[1]
    assert [(each["version"], each["state"], each["commit"]) for each in releases] == [
        (1, "live", good.commit)
    ]
    assert api.get(f"{club}/projects/menu")[1]["state"] == "live"
    latest = api.get(f"{club}/projects/menu/streams/latest")[1]
    assert (latest["id"], latest["state"]) == (bad.stream_id, "failed")


def test_rollback_and_config_start_a_stream(
    api: Api, club: str, project: Project, cluster: ScriptedCluster
) -> None:
    push(project)
    work()
    status, changed = api.call("PATCH", f"{club}/projects/menu/config", {"set": {"A": "1"}})
    assert (status, changed["version"]) == (200, 2)
    work()
    status, back = api.call("POST", f"{club}/projects/menu/rollback", {"version": None})
    assert (status, back["version"]) == (202, 3)
    assert back["stream"] > changed["stream"]
    assert api.call("POST", f"{club}/projects/menu/rollback", {"version": 99})[0] == 404


def test_a_rollback_with_nothing_before_is_a_conflict(api: Api, club: str) -> None:
    status, answer = api.call("POST", f"{club}/projects/menu/rollback", {})
    assert (status, answer["error"]["reason"]) == (409, "nothing-before")


def test_a_build_is_cancelled_once(api: Api, club: str, project: Project) -> None:
    build = push(project)
    path = f"{club}/projects/menu/builds/{build.pk}/cancel"
    status, answer = api.call("POST", path)
    assert (status, answer["state"]) == (200, "cancelled")
    assert api.call("POST", path)[0] == 409
    assert api.call("POST", f"{club}/projects/menu/builds/{build.pk + 1}/cancel")[0] == 404


def test_a_key_is_made_shown_once_used_and_revoked(api: Api, club: str) -> None:
    order = {"name": "ci", "scopes": ["read", "deploy"], "project": "menu", "expires_in_days": 90}
    status, made = api.call("POST", f"{club}/keys", order)
    assert status == 201
    ci = Api(made["token"])
    assert ci.get("/whoami")[1]["key"]["project"] == "menu"
    listed = api.get(f"{club}/keys")[1]
    assert made["token"] not in json.dumps(listed)
    assert made["id"] in {each["id"] for each in listed}
    assert ci.call("DELETE", f"{club}/keys/{made['id']}")[0] == 403
    assert api.call("DELETE", f"{club}/keys/{made['id']}") == (204, None)
    assert ci.get("/whoami")[0] == 401


@pytest.mark.parametrize(
    "order",
    [
        {"name": "", "scopes": ["read"]},
        {"name": "x", "scopes": []},
        {"name": "x", "scopes": ["root"]},
        {"name": "x", "scopes": ["read"], "expires_in_days": 0},
        {"name": "a\0b", "scopes": ["read"]},
        {"name": "a\u202eb", "scopes": ["read"]},
        {"name": "a\x1b[2J", "scopes": ["read"]},
    ],
)
def test_a_key_that_makes_no_sense_is_refused(api: Api, club: str, order: dict[str, Any]) -> None:
    assert api.call("POST", f"{club}/keys", order)[0] == 422
    assert AccessKey.objects.count() == 1


def test_the_audit_log_knows_the_key_and_the_address_that_it_was_used_from(api: Api, club: str) -> None:
    api.call("POST", f"{club}/projects", {"name": "x"})
    entry = AuditEntry.objects.get(action="create_project", project="x")
    assert entry.actor.startswith("key:")
    assert entry.address == "127.0.0.1"


def test_the_schema_is_openapi_31_and_names_every_path() -> None:
    schema = Client().get("/api/v1/openapi.json").json()
    assert schema["openapi"].startswith("3.1")
    assert {
        "/api/v1/whoami",
        "/api/v1/clubs/{club}/projects/{project}/rollback",
        "/api/v1/streams/{stream}",
        "/api/v1/clubs/{club}/projects/{project}/logs",
    } <= set(schema["paths"])


def test_the_docs_page_needs_nothing_from_elsewhere() -> None:
    page = Client().get("/api/v1/docs").content.decode()
    assert "https://cdn" not in page
    script = Client().get("/static/ninja/swagger-ui-bundle.js")
    assert script.status_code == 200


def test_the_health_pages_and_the_home_page_answer() -> None:
    for path in ("/", "/healthz", "/readyz"):
        assert Client().get(path).status_code == 200
