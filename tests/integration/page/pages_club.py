from __future__ import annotations

from playwright.sync_api import Page
from portal.accounts import audit
from portal.clubs.asking import ask_for_budget
from portal.clubs.budget import Share
from portal.clubs.inviting import invite

from tests.integration.page.club_scene import decided_requests, deploys, members, owner_of, some_keys
from tests.integration.page.registered import Registered
from tests.integration.page.seed import Scene


def seed(scene: Scene) -> None:
    """The club with sixty projects gets deploys of days, requests and keys; the other one what waits."""
    photography, robotics = scene.clubs["photography"], scene.clubs["robotics"]
    for number in range(4, 60):
        if number % 6:
            project = scene.project("photography", f"album-{number:02}")
            deploys(project, good=number % 12 + 1, ends_well=number % 6 != 5)
    members(photography)
    decided_requests(photography)
    some_keys(photography)
    some_keys(robotics)
    by = owner_of(robotics)
    ask_for_budget(
        by=by, club=robotics, budget=Share(8 << 30, 6500, 30), why="온라인 대회에서 200명이 함께 써요."
    )
    invite(by=by, club=robotics, email="new.member@school.example", role="member", language="ko")
    audit.record(by, "set_config", club="robotics", project="shop", names=["SECRET_KEY", "DATABASE_URL"])


def make_key(page: Page) -> None:
    page.locator("#id_name").fill("민지 노트북")
    page.locator("#id_name").press("Enter")
    page.wait_for_selector("#key-text")


def bad_name(page: Page) -> None:
    page.locator("#id_name").fill("내 프로젝트!")
    page.locator("#id_name").press("Enter")
    page.wait_for_selector("#id_name_error")


def ask_to_remove(page: Page) -> None:
    page.locator("[data-member] button[command=show-modal]").last.click()
    page.wait_for_selector("dialog[open]")


def twice_invited(page: Page) -> None:
    page.locator("#id_email").fill("seoyeon@school.example")
    page.locator("#id_email").press("Enter")
    page.wait_for_selector("[role=alert]")


_PHOTOGRAPHY = {"club": "photography"}
_ROBOTICS = {"club": "robotics"}
_EMPTY = {"club": "empty"}

PAGES = [
    Registered("club-list", who="owner"),
    Registered("club-list", who="newcomer", name="none"),
    Registered("club-home", _EMPTY, who="owner", name="no-project"),
    Registered("club-home", _ROBOTICS, who="member", name="every-state"),
    Registered("club-home", _PHOTOGRAPHY, who="owner", name="sixty-projects"),
    Registered("club-home", _PHOTOGRAPHY, who="owner", name="last-page", query="page=3"),
    Registered("club-home", _PHOTOGRAPHY, who="owner", name="nothing-fits", query="q=zzz"),
    Registered("club-new", _EMPTY, who="owner", name="bad-name", before=bad_name),
    Registered("club-members", _ROBOTICS, who="owner"),
    Registered("club-members", _ROBOTICS, who="member", name="as-a-member"),
    Registered("club-members", _ROBOTICS, who="owner", name="remove", before=ask_to_remove),
    Registered("club-members", _ROBOTICS, who="owner", name="refused", before=twice_invited),
    Registered("club-keys", _ROBOTICS, who="owner"),
    Registered("club-keys", _EMPTY, who="owner", name="new-key", before=make_key),
    Registered("club-budget", _ROBOTICS, who="owner", name="waiting"),
    Registered(
        "club-budget",
        _PHOTOGRAPHY,
        who="owner",
        name="does-not-fit",
        query="project=&replicas=3&memory_mib=65536&millicores=250",
    ),
    Registered("club-audit", _ROBOTICS, who="owner"),
    Registered(
        "club-audit", _ROBOTICS, who="owner", name="nothing-fits", query="since=2020-01-01&until=2020-01-02"
    ),
    Registered("club-settings", _ROBOTICS, who="owner"),
    Registered("club-settings", _EMPTY, who="owner", name="can-be-deleted"),
]
