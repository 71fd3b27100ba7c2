"""A page on which something was done too often says so with 429, and when it works again in Retry-After."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from portal.clubs import inviting
from portal.notifications import actions as channel_actions
from portal.notifications import confirming
from portal.notifications.models import Channel
from portal.projects.models import Project
from portal.releases import making
from portal.signups import limits

from tests.integration.portal.scene import ScriptedCluster, push, some_project, work
from tests.integration.portal.visitors import visit

pytestmark = pytest.mark.usefixtures("clean")
Answer = Any
HOUR, DAY = 3600, 24 * 3600
APPLICATION = {
    "person": "Mina",
    "email": "mina@school.example",
    "members": "12",
    "purpose": "A page that shows what our robots see.",
    "size": "small",
}


@pytest.fixture
def project(cluster: ScriptedCluster) -> Project:
    return some_project("menu")


def released(project: Project, allow: Callable[..., None]) -> list[Answer]:
    push(project)
    work()
    allow(making, "MOST_CONFIG_BYTES_AN_HOUR", 1)
    return [visit(project.club, "owner").post(f"/clubs/{project.club.slug}/{project.slug}/settings/restart")]


def applied(_: Project, allow: Callable[..., None]) -> list[Answer]:
    allow(limits, "MOST_AN_ADDRESS", 1)
    names = ({"club_name": "Robots", "slug": "robots"}, {"club_name": "Chess", "slug": "chess"})
    return [Client().post("/apply", APPLICATION | each) for each in names]


def invited(project: Project, allow: Callable[..., None]) -> list[Answer]:
    allow(inviting, "MOST_AN_HOUR", 1)
    client, url = visit(project.club, "owner"), f"/clubs/{project.club.slug}/members/invite"
    return [client.post(url, {"email": f"{each}@b.example", "role": "member"}) for each in "ac"]


def asked(project: Project, allow: Callable[..., None]) -> list[Answer]:
    allow(confirming, "MOST_AN_OWNER", 1)
    client, url = visit(project.club, "owner"), f"/clubs/{project.club.slug}/notifications"
    form = {"kind": "email", "events": ["live"]}
    return [client.post(url, {**form, "name": each, "target": f"{each}@b.example"}) for each in "ac"]


def tried_out(project: Project, allow: Callable[..., None]) -> list[Answer]:
    allow(channel_actions, "_TESTS_AN_HOUR", 1)
    client, url = visit(project.club, "owner"), f"/clubs/{project.club.slug}/notifications"
    client.post(
        url, {"kind": "webhook", "name": "Bot", "target": "https://a.example/hook", "events": ["live"]}
    )
    return [client.post(f"{url}/{Channel.objects.get().pk}/test") for _ in range(2)]


def signed_in(_: Project, allow: Callable[..., None]) -> list[Answer]:
    client = Client(REMOTE_ADDR="192.0.2.7")
    return [client.post("/login", {"login": f"{each}@b.example", "password": "-"}) for each in range(31)]


@pytest.mark.parametrize(
    ("act", "longest_seconds"),
    [(released, HOUR), (applied, HOUR), (invited, HOUR), (asked, DAY), (tried_out, HOUR), (signed_in, 60)],
)
def test_the_last_time_is_too_often_for_so_long(
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
    act: Callable[[Project, Callable[..., None]], list[Answer]],
    longest_seconds: int,
) -> None:
    *before, refused = act(project, monkeypatch.setattr)
    assert all(answer.status_code in (200, 302) for answer in before)
    assert not any("Retry-After" in answer for answer in before)
    assert refused.status_code == 429
    assert longest_seconds - 60 <= int(refused["Retry-After"]) <= longest_seconds


def test_another_refusal_says_nothing_of_a_wait(project: Project) -> None:
    answer = visit(project.club, "owner").post(f"/clubs/{project.club.slug}/{project.slug}/settings/restart")
    assert answer.status_code == 409
    assert "Retry-After" not in answer
