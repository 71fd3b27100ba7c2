"""A club's history: sentences, filters, pages, and a file that runs nothing in a spreadsheet."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from django.test import AsyncClient, Client
from django.utils import timezone
from portal.accounts import audit
from portal.accounts.actions import create_key
from portal.accounts.models import AuditEntry
from portal.accounts.principal import Principal, person
from portal.clubs.actions import create_club, rename_club
from portal.clubs.models import Club
from portal.threads import database

from tests.integration.portal.club_pages import attributes, browser, text
from tests.integration.portal.scene import BY

pytestmark = pytest.mark.usefixtures("clean")
MINA = person("mina", club="robots", role="owner").at("203.0.113.7")


@pytest.fixture
def club() -> Club:
    return create_club(by=BY, slug="robots", name="Robots")


@pytest.fixture
def owner(club: Club) -> Client:
    return browser("mina", club, "owner", first_name="민아")


def test_entries_are_sentences_with_who_and_from_where(owner: Client, club: Club) -> None:
    key, _ = create_key(by=MINA, club=club, name="Jun's laptop", scopes=["deploy"])
    audit.record(
        Principal(f"key:{key.id}", "robots", None, frozenset()),
        "push",
        club="robots",
        project="site",
    )
    audit.record(MINA, "set_config", club="robots", project="site", names=["A", "B", "C", "D", "E"])
    audit.record(MINA, "some_new_thing", club="robots", project="site")
    said = text(owner.get("/clubs/robots/audit"))
    assert "민아 made the key “Jun's laptop”" in said
    assert "Key “Jun's laptop” pushed to site" in said
    assert "민아 changed variables of site: A, B, C, D, …" in said
    assert "민아 some new thing site" in said
    assert "Operator test made the club" in said
    assert "203.0.113.7" in said


def test_filters_come_back_filled_and_pages_go_on_from_an_entry(owner: Client, club: Club) -> None:
    for number in range(60):
        audit.record(MINA, "push", club="robots", project="site", build=number)
    audit.record(MINA, "rollback", club="robots", project="menu", to=3)
    page = owner.get("/clubs/robots/audit", {"action": "push", "actor": "person:mina"})
    assert text(page).count("pushed to site") == 50
    assert "rolled menu back" not in text(page)
    assert '<option value="push" selected>' in page.content.decode()
    (older,) = (href for href in attributes(page, "href") if "before=" in href)
    assert "action=push" in older
    assert text(owner.get(older)).count("pushed to site") == 10
    wrong = owner.get("/clubs/robots/audit", {"since": "yesterday"})
    assert (wrong.status_code, "Enter a valid date." in text(wrong)) == (422, True)
    for nonsense in ("?before=x", "?before=99999999999999999999", "?action=nothing", "?before=²"):
        assert owner.get(f"/clubs/robots/audit{nonsense}").status_code in {200, 422}


def test_days_are_whole(owner: Client, club: Club) -> None:
    audit.record(MINA, "push", club="robots", project="site")
    Club.objects.update(created_at=timezone.now() - timedelta(days=9))
    then = timezone.now() - timedelta(days=2)
    AuditEntry.objects.filter(action="push").update(at=then)
    day = then.date().isoformat()
    said = text(owner.get("/clubs/robots/audit", {"since": day, "until": day}))
    assert "pushed to site" in said
    assert "test made the club" not in said


def test_an_earlier_club_of_the_same_short_name_is_not_told_of(owner: Client, club: Club) -> None:
    audit.record(MINA, "delete_project", club="robots", project="secret")
    AuditEntry.objects.filter(action="delete_project").update(at=club.created_at - timedelta(days=1))
    assert "secret" not in text(owner.get("/clubs/robots/audit"))
    day = (club.created_at - timedelta(days=5)).date().isoformat()
    assert "secret" not in text(owner.get("/clubs/robots/audit", {"since": day}))
    assert "secret" not in text(owner.get("/clubs/robots"))


async def exported(username: str, query: str = "") -> list[dict[str, str]]:
    def signed_in() -> AsyncClient:
        client = AsyncClient()
        client.cookies = browser(username).cookies
        return client

    client = await database(signed_in)
    answer = await client.get(f"/clubs/robots/audit/export{query}")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer["Content-Disposition"]
    body = b"".join([part async for part in answer.streaming_content]).decode()
    assert body.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(body.removeprefix("\ufeff"), newline="")))


async def test_the_file_holds_every_entry_and_no_formula(owner: Client, club: Club) -> None:
    def happen() -> None:
        rename_club(by=MINA, club=club, name="=SUM(A1:A9)*cmd")
        create_key(by=MINA, club=club, name='@SUM(1+1)*cmd|"/C calc"!A0', scopes=["read"])
        for number in range(1200):
            audit.record(MINA, "push", club="robots", project="-2+3", build=number)

    await database(happen)
    rows = await exported("mina")
    assert len(rows) == 1203
    assert rows[-1]["sentence"] == "made the club"
    assert {row["project"] for row in rows} == {"", "'-2+3"}
    assert rows[0]["address"] == "203.0.113.7"
    assert not [cell for row in rows for cell in row.values() if cell[:1] in {"=", "+", "-", "@"}]
    assert len(await exported("mina", "?action=rename_club")) == 1


@pytest.mark.parametrize("role", ["member", "maintainer"])
def test_the_history_is_the_owners_affair(club: Club, role: str) -> None:
    somebody = browser("jun", club, role)
    assert somebody.get("/clubs/robots/audit").status_code == 403
    assert somebody.get("/clubs/robots/audit/export").status_code == 403
