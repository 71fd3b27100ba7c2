"""Variables on the page: written and never read, but by who may, and that is noted."""

from __future__ import annotations

import pytest
from django.test import Client
from portal.accounts.models import AuditEntry
from portal.projects.actions import set_config
from portal.projects.models import Project
from portal.projects.selectors import config
from portal.releases.models import Release

from tests.integration.portal.scene import BY, ScriptedCluster, key_for, push, some_project, work
from tests.integration.portal.visitors import visit

SECRET = "a-very-secret-value"


@pytest.fixture
def project(cluster: ScriptedCluster) -> Project:
    project = some_project()
    set_config(by=BY, project=project, set={"TOKEN": SECRET, "MODE": "slow-and-safe"})
    push(project)
    work()
    return project


@pytest.fixture
def member(project: Project) -> Client:
    return visit(project.club)


def at(project: Project, path: str = "") -> str:
    return f"/clubs/{project.club.slug}/{project.slug}/config{path}"


def test_names_are_shown_and_no_value(project: Project, member: Client) -> None:
    page = member.get(at(project)).content.decode()
    assert "TOKEN" in page and "MODE" in page
    assert SECRET not in page and "slow-and-safe" not in page
    assert "/config/reveal" not in page


def test_one_save_changes_removes_adds_and_imports_in_one_release(project: Project, member: Client) -> None:
    answer = member.post(
        at(project),
        {
            "var-TOKEN-value": "another-value",
            "var-MODE-remove": "on",
            "new-0-name": "COLOUR",
            "new-0-value": " green ",
            "new-1-name": "EMPTY",
            "env-text": 'URL="postgres://a b"\n# c\n',
        },
    )
    assert (answer.status_code, answer.headers["Location"]) == (
        302,
        f"/clubs/{project.club.slug}/{project.slug}/releases/2",
    )
    assert config(project) == {
        "TOKEN": "another-value",
        "COLOUR": " green ",
        "EMPTY": "",
        "URL": "postgres://a b",
    }
    assert Release.objects.filter(project=project).count() == 2


def test_an_empty_field_leaves_the_value(project: Project, member: Client) -> None:
    assert member.post(at(project), {"var-TOKEN-value": "", "var-MODE-value": ""}).status_code == 302
    assert config(project)["TOKEN"] == SECRET
    assert Release.objects.filter(project=project).count() == 1


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("new-0-name", {"new-0-name": "1ABC", "new-0-value": "x"}),
        ("new-0-name", {"new-0-name": "PORT", "new-0-value": "x"}),
        ("new-0-name", {"new-0-value": "no name"}),
        ("new-1-name", {"new-0-name": "A", "new-1-name": "A"}),
        ("env-text", {"env-text": "A=1\nnot a line\n"}),
        ("env-text", {"env-text": "MADANG_X=1"}),
        ("env-text", {"new-0-name": "A", "env-text": "A=1"}),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_lost(
    project: Project, member: Client, field: str, fields: dict[str, str]
) -> None:
    answer = member.post(at(project), {**fields, "var-MODE-value": "kept-while-mending"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert f'id="id_{field}_error"' in page
    assert 'value="kept-while-mending"' in page
    assert config(project) == {"TOKEN": SECRET, "MODE": "slow-and-safe"}


def test_too_large_a_value_is_refused_with_what_was_typed(project: Project, member: Client) -> None:
    answer = member.post(at(project), {"new-0-name": "BIG", "new-0-value": "x" * 40_000})
    assert answer.status_code == 422
    assert "32 KiB" in answer.content.decode()


def test_a_value_is_revealed_to_a_maintainer_and_noted(project: Project) -> None:
    client = visit(project.club, "maintainer")
    answer = client.post(at(project, "/reveal"), {"name": "TOKEN"})
    page = answer.content.decode()
    assert answer.status_code == 200
    assert SECRET in page and "slow-and-safe" not in page
    assert answer.headers["Cache-Control"] == "no-store"
    entry = AuditEntry.objects.get(action="reveal_config")
    assert entry.detail == {"names": ["TOKEN"]}
    assert SECRET not in str(entry.__dict__)
    assert client.post(at(project, "/reveal"), {"name": "NOPE"}).status_code == 404
    assert AuditEntry.objects.filter(action="reveal_config").count() == 1


def test_a_value_is_given_alone_to_the_page_on_which_something_is_typed(project: Project) -> None:
    answer = visit(project.club, "maintainer").post(
        at(project, "/reveal"), {"name": "TOKEN"}, headers={"HX-Request": "true"}
    )
    part = answer.content.decode()
    assert SECRET in part and "<html" not in part and "<form" not in part
    assert answer.headers["Cache-Control"] == "no-store"
    assert AuditEntry.objects.get(action="reveal_config").detail == {"names": ["TOKEN"]}


def test_a_value_that_is_html_is_shown_as_text(project: Project) -> None:
    set_config(by=BY, project=project, set={"TOKEN": "<script>alert(1)</script>"})
    page = visit(project.club, "owner").post(at(project, "/reveal"), {"name": "TOKEN"}).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


def test_the_api_s_values_are_noted_too(project: Project) -> None:
    answer = Client().get(
        f"/api/v1/clubs/{project.club.slug}/projects/{project.slug}/config?show=true",
        headers={"Authorization": f"Bearer {key_for(project, 'manage')}"},
    )
    assert answer.json()["variables"]["TOKEN"] == SECRET
    assert AuditEntry.objects.get(action="reveal_config").detail == {"names": ["MODE", "TOKEN"]}
