"""Keys are made, shown once, and revoked at once."""

from __future__ import annotations

import os
import re
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone
from portal.accounts import shown_once
from portal.accounts.actions import create_key
from portal.accounts.models import AccessKey, ShownOnce, User
from portal.accounts.selectors import authenticate
from portal.clubs.actions import create_club
from portal.clubs.models import Club
from portal.encryption import decrypt
from portal.projects.actions import create_project, delete_project
from portal.projects.branching import set_deploy_branch
from portal.sweeping import sweep

from tests.integration.portal.club_pages import attributes, browser, text
from tests.integration.portal.scene import BY
from tests.integration.portal.test_claims import at_once

pytestmark = pytest.mark.usefixtures("clean")
GOOD = {"name": "Mina's laptop", "scope": "deploy", "project": "", "days": "90"}


@pytest.fixture
def club() -> Club:
    return create_club(by=BY, slug="robots", name="Robots")


@pytest.fixture
def owner(club: Club) -> Client:
    return browser("mina", club, "owner")


def token(answer: object) -> str:
    (found,) = set(re.findall(r"mdg_\w{10}_\w{36}", text(answer)))
    return str(found)


def test_a_new_key_is_shown_once_and_works(owner: Client, club: Club) -> None:
    set_deploy_branch(by=BY, project=create_project(by=BY, club=club, slug="site"), branch="web")
    answer = owner.post("/clubs/robots/keys", GOOD | {"project": "site"}, follow=True)
    made = token(answer)
    assert "no-store" in answer["Cache-Control"]
    who = authenticate(made)
    assert who is not None
    assert (who.club, who.project, who.scopes) == ("robots", "site", frozenset({"deploy"}))
    assert "git remote add madang http://git.madang.localhost:8000/robots/site.git" in text(answer)
    assert "git push madang HEAD:web" in text(answer)
    listed = owner.get("/clubs/robots/keys")
    assert made not in listed.content.decode()
    assert "deploy: push, roll back and change settings too" in text(listed)
    assert "in 90 days" in text(listed) or "in 89 days" in text(listed)
    assert ", mina" in text(listed)


def test_a_reload_makes_no_second_key_and_does_not_show_the_first(owner: Client) -> None:
    answer = owner.post("/clubs/robots/keys", GOOD)
    key = AccessKey.objects.get()
    page = f"/clubs/robots/keys/{key.id}/made"
    assert (answer.status_code, answer.headers["Location"]) == (302, page)
    made = token(owner.get(page))
    again = owner.get(page)
    assert again.status_code == 410
    assert "mdg_" not in again.content.decode()
    assert "A key is shown once, to whoever makes it" in text(again)
    assert "no-store" in again["Cache-Control"]
    assert AccessKey.objects.count() == 1
    assert authenticate(made) is not None
    assert not ShownOnce.objects.exists()


def test_a_new_key_waits_encrypted_for_whoever_made_it_and_not_for_long(owner: Client, club: Club) -> None:
    answer = owner.post("/clubs/robots/keys", GOOD)
    (waiting,) = ShownOnce.objects.all()
    assert b"mdg_" not in bytes(waiting.encrypted)
    assert decrypt(waiting.encrypted).startswith(f"mdg_{AccessKey.objects.get().id}_")
    session = owner.session
    assert "mdg_" not in str(dict(session.items()))
    other = browser("jun", club, "owner").get(answer.headers["Location"])
    assert other.status_code == 410
    assert browser("kim", club, "member").get(answer.headers["Location"]).status_code == 403
    ShownOnce.objects.update(created_at=timezone.now() - shown_once.LIFETIME)
    assert owner.get(answer.headers["Location"]).status_code == 410
    sweep()
    assert not ShownOnce.objects.exists()


def test_two_that_look_at_once_see_a_secret_once(owner: Client) -> None:
    owner.post("/clubs/robots/keys", GOOD)
    user, about = User.objects.get(), f"key {AccessKey.objects.get().id}"
    seen = at_once(*[lambda: shown_once.take(user, about) for _ in range(6)])
    assert sorted(str(each)[:4] for each in seen) == ["None"] * 5 + ["mdg_"]


def test_the_commands_that_are_shown_let_git_find_the_key(owner: Client, tmp_path: Path) -> None:
    answer = owner.post("/clubs/robots/keys", GOOD, follow=True)
    made = token(answer)
    (commands,) = (each for each in attributes(answer, "data-text") if "credential approve" in each)
    env = {**os.environ, "HOME": str(tmp_path), "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0"}
    subprocess.run(["sh", "-c", commands], env=env, check=True)
    asked = subprocess.run(
        ["git", "credential", "fill"],
        input="protocol=http\nhost=git.madang.localhost:8000\n\n",
        env=env,
        check=True,
        capture_output=True,
        text=True,
    )
    assert f"password={made}" in asked.stdout


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"scope": "own"}, "scope"),
        ({"project": "chess"}, "project"),
        ({"days": "100000"}, "days"),
    ],
)
def test_what_cannot_be_is_said_at_its_field(owner: Client, wrong: dict[str, str], field: str) -> None:
    answer = owner.post("/clubs/robots/keys", GOOD | wrong)
    assert answer.status_code == 422
    assert f"id_{field}_error" in " ".join(attributes(answer, "aria-describedby"))
    assert not AccessKey.objects.exists()


def test_a_key_for_a_deleted_project_is_never_one_for_all(owner: Client, club: Club) -> None:
    project = create_project(by=BY, club=club, slug="site")
    delete_project(by=BY, project=project)
    assert owner.post("/clubs/robots/keys", GOOD | {"project": "site"}).status_code == 422
    assert not AccessKey.objects.exists()


def test_a_revoked_key_opens_nothing_from_that_moment(owner: Client) -> None:
    made = token(owner.post("/clubs/robots/keys", GOOD, follow=True))
    key = AccessKey.objects.get()
    page = owner.get("/clubs/robots/keys")
    assert f"/clubs/robots/keys/{key.id}/revoke" in attributes(page, "action")
    answer = owner.post(f"/clubs/robots/keys/{key.id}/revoke", follow=True)
    assert "The key “Mina's laptop” opens nothing any more." in text(answer)
    assert "1 key that opens nothing any more" in text(answer)
    assert authenticate(made) is None
    assert owner.get(f"/clubs/robots/keys/{key.id}/revoke").status_code == 405


def test_a_key_of_another_club_is_not_there(owner: Client) -> None:
    other, _ = create_key(
        by=BY, club=create_club(by=BY, slug="chess", name="Chess"), name="x", scopes=["read"]
    )
    assert owner.post(f"/clubs/robots/keys/{other.id}/revoke").status_code == 404
    other.refresh_from_db()
    assert other.revoked_at is None


def test_a_key_without_end_and_one_that_ended(owner: Client, club: Club) -> None:
    owner.post("/clubs/robots/keys", GOOD | {"days": ""})
    assert AccessKey.objects.get().expires_at is None
    AccessKey.objects.update(expires_at=timezone.now() - timedelta(days=1))
    page = text(owner.get("/clubs/robots/keys"))
    assert "No key works at the moment." in page
    assert "expired 24 hours ago" in page


@pytest.mark.parametrize("role", ["member", "maintainer"])
def test_keys_are_the_owners_affair(club: Club, role: str) -> None:
    somebody = browser("jun", club, role)
    assert somebody.get("/clubs/robots/keys").status_code == 403
    assert somebody.post("/clubs/robots/keys", GOOD).status_code == 403
    assert "/clubs/robots/keys" not in attributes(somebody.get("/clubs/robots"), "href")


def test_a_form_from_elsewhere_makes_nothing(club: Club) -> None:
    owner = browser("mina", club, "owner")
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = owner.cookies
    assert strict.post("/clubs/robots/keys", GOOD).status_code == 403
    assert not AccessKey.objects.exists()
