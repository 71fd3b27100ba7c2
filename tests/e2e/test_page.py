"""The page on a real cluster: from the form to a live address, and to a drill that takes its machine.

One road, one club; what each person's browser saw is in .reports/page.
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.applying import caught_mail, link_of
from tests.e2e.desk import Desk, desk
from tests.e2e.road import EXAMPLES, Done, Road
from tests.e2e.test_spot import left_behind

pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("lost nodes")]

CLUB, NAME, PROJECT = "vision", "Vision club", "eyes"
OWNER, OPERATOR = "mina@vision.example", "keeper@vision.example"
PASSWORD = "correct horse battery"
HOME = f"/clubs/{CLUB}/{PROJECT}"


@dataclass(frozen=True)
class Walk:
    """The road's cluster, and the pages of the two who walk it."""

    on: Road
    desk: Desk
    owner: Page
    operator: Page


def test_a_club_comes_by_the_page_pushes_and_keeps_its_visitors_through_a_drill(platform: Road) -> None:
    with desk(platform.url) as browsers:
        walk = Walk(platform, browsers, browsers.person("owner"), browsers.person("operator"))
        become_operator(walk)
        apply(walk)
        approve(walk)
        commands = first_key(walk)
        address = push(walk, commands)
        assert seen(walk, address) == "Hello from Flask, version 1"
        set_greeting(walk)
        assert seen(walk, address) == "Good day from Flask, version 1"
        roll_back(walk)
        assert seen(walk, address) == "Hello from Flask, version 1"
        node = order_drill(walk)
        look_at_a_phone(walk)
        read_logs(walk)
        read_metrics(walk)
        drill_is_told(walk, node)
        assert seen(walk, address) == "Hello from Flask, version 1"
        interruption_is_told(walk, node)
        # The tests that follow find an open node.
        platform.wait_for(lambda: left_behind(platform) == [])
        assert not browsers.complaints, browsers.complaints


def become_operator(walk: Walk) -> None:
    page = walk.operator
    page.goto(walk.on.operator_link(OPERATOR))
    choose_password(page)
    page.get_by_role("button", name="Begin").click()
    page.wait_for_url("**/operator")


def apply(walk: Walk) -> None:
    page = walk.owner
    page.goto("/")
    page.get_by_role("link", name="Apply for your club").first.click()
    page.get_by_label("Name of the club").fill(NAME)
    page.get_by_label("Short name").press_sequentially(CLUB)
    expect(page.locator("#verdict")).to_have_attribute("data-verdict", "free")
    page.get_by_label("Your name").fill("Mina Kim")
    page.get_by_label("Your school e-mail address").fill(OWNER)
    page.get_by_label("What will you build?").fill("A page that shows what our robots see.")
    page.get_by_role("button", name="Send the application").click()
    expect(page.get_by_text(OWNER)).to_be_visible()
    page.goto(mailed(walk, "/apply/confirm/"))
    page.get_by_role("button", name="Yes, that is me").click()
    expect(page.get_by_text("An operator looks at it")).to_be_visible()


def approve(walk: Walk) -> None:
    page = walk.operator
    page.goto("/operator")
    page.get_by_role("link", name=NAME, exact=True).click()
    page.get_by_role("button", name=f"Approve {NAME}").click()
    expect(page.get_by_text(f"{NAME} is approved")).to_be_visible()


def first_key(walk: Walk) -> list[str]:
    """The three commands, as the page shows them with the key."""
    page = walk.owner
    page.goto(mailed(walk, "/welcome/"))
    choose_password(page)
    page.get_by_label("Name of your first project").fill(PROJECT)
    page.get_by_role("button", name="Begin and show the key").click()
    key = page.locator("#key").inner_text()
    assert key.startswith("mdg_")
    shown = [page.locator(f"[data-command={name}]").inner_text() for name in ("remote", "credential", "push")]
    page.get_by_role("link", name=re.compile("on to the project")).click()
    expect(page.get_by_text("Waiting for your push")).to_be_visible()
    assert key not in page.content()
    return shown


def push(walk: Walk, commands: list[str]) -> str:
    """The open page turns into the live log by itself, and the log into a live project; its address."""
    on, page = walk.on, walk.owner
    folder = on.checkout(EXAMPLES / "flask", PROJECT)
    *first, last = commands
    for words in first:
        typed(on, words, folder)
    done: list[Done] = []
    pushing = threading.Thread(target=lambda: done.append(on.student("bash", "-c", last, cwd=folder)))
    pushing.start()
    expect(page.get_by_role("heading", name="Happening now")).to_be_visible()
    expect(page.locator("[data-state=deploying]")).to_be_visible()
    lines = page.locator(".log-lines")
    expect(lines).to_contain_text("Release 1 is live at")
    live(page, 1)
    pushing.join()
    assert done[0].status == 0, done[0].output
    # The pusher and the page were told the same.
    assert "Release 1 is live at" in done[0].output
    address = page.locator(".standing").get_by_role("link", name=re.compile("^http")).get_attribute("href")
    assert address is not None
    return address


def set_greeting(walk: Walk) -> None:
    page = walk.owner
    tab(page, "Variables")
    page.get_by_label("Name", exact=True).first.fill("GREETING")
    page.get_by_label("Value", exact=True).first.fill("Good day")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(f"**{HOME}/releases/2")
    tab(page, "Overview")
    live(page, 2)


def roll_back(walk: Walk) -> None:
    page = walk.owner
    tab(page, "Releases")
    page.get_by_role("link", name="Roll back to release 1").click()
    expect(page.locator(".difference")).to_contain_text("GREETING")
    page.get_by_role("button", name="Roll back to release 1").click()
    page.wait_for_url(f"**{HOME}/releases/3")
    tab(page, "Overview")
    live(page, 3)


def spot_node(walk: Walk) -> str:
    """One with a copy of the project; a second copy goes to one if the first stands on a node that stays."""
    page = walk.owner
    if not on_spot(walk):
        tab(page, "Settings")
        page.get_by_label("Copies", exact=True).fill("2")
        page.get_by_role("button", name="Change the size").click()
        page.wait_for_url(f"**{HOME}/releases/4")
        tab(page, "Overview")
        live(page, 4)
        walk.on.wait_for(lambda: on_spot(walk) != [])
    return on_spot(walk)[0]


def on_spot(walk: Walk) -> list[str]:
    return [node for node in walk.on.nodes_of(CLUB, PROJECT) if node.startswith("spot")]


def order_drill(walk: Walk) -> str:
    """The project's own machine is taken; the fleet's open page shows it as it happens. Its name."""
    node = spot_node(walk)
    page, watched = walk.operator, walk.desk.person("operator")
    watched.goto("/operator/fleet")
    expect(watched.locator(f"article [title^='{CLUB}/{PROJECT} ']").first).to_be_attached()
    page.goto(f"/operator/drills/new?node={node}")
    expect(page.get_by_role("link", name=f"{CLUB}/{PROJECT}")).to_be_visible()
    page.get_by_role("button", name=f"Yes, have {node} taken").click()
    expect(page.get_by_role("heading", name=f"Drill of {node}")).to_be_visible()
    fenced = watched.get_by_role("article").filter(has=watched.locator("[data-fenced]"))
    expect(fenced.get_by_role("heading", name=node)).to_be_visible()
    expect(fenced).to_contain_text(f"{CLUB}/{PROJECT}")
    return node


def look_at_a_phone(walk: Walk) -> None:
    """The owner signs in with a phone by the password; the account's language follows from there on."""
    phone = walk.desk.person("phone", language="ko", width=390)
    phone.goto(f"/login?next={HOME}")
    expect(phone.get_by_role("heading", name="로그인")).to_be_visible()
    phone.locator("input[name=login]").fill(OWNER)
    phone.locator("input[name=password]").fill(PASSWORD)
    phone.locator("input[name=password]").press("Enter")
    phone.wait_for_url(f"**{HOME}")
    expect(phone.locator("#standing-state")).to_have_text("Live")
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")


def read_logs(walk: Walk) -> None:
    tab(walk.owner, "Logs")
    expect(walk.owner.locator(".log-lines")).to_contain_text("GET / HTTP")
    expect(walk.owner.get_by_text("No copy has crashed")).to_be_visible()


def read_metrics(walk: Walk) -> None:
    page = walk.owner
    tab(page, "Metrics")

    def measured() -> bool:
        page.reload()
        return page.locator(".chart canvas").count() > 0

    walk.on.wait_for(measured)
    expect(page.get_by_role("table").locator("tbody tr").first).to_contain_text("MiB")


def drill_is_told(walk: Walk, node: str) -> None:
    """The page ends by itself with what visitors met; that it is nothing, other tests prove."""
    page = walk.operator
    expect(page.get_by_role("heading", name="Failed requests")).to_be_visible()
    told = page.get_by_role("article").filter(has_text=f"{CLUB}/{PROJECT}")
    expect(told).to_contain_text(re.compile(r"[1-9]\d* requests, \d+ failed"))
    expect(page.locator("#told")).to_contain_text("finished")


def interruption_is_told(walk: Walk, node: str) -> None:
    """To the student as well as to the operator."""
    tab(walk.owner, "Overview")
    expect(walk.owner.get_by_text(f"The machine {node} was taken away")).to_be_visible()
    page = walk.operator
    page.goto("/operator/interruptions")
    page.get_by_role("link", name=node).first.click()
    expect(page.get_by_text("The node is gone")).to_be_visible()
    expect(page.locator("main")).to_contain_text(f"{CLUB}/{PROJECT}")


def tab(page: Page, name: str) -> None:
    page.get_by_role("navigation", name="Pages of the project").get_by_role("link", name=name).click()


def live(page: Page, release: int) -> None:
    """The project's page tells it by itself."""
    expect(page.get_by_text(f"Release {release} is live.", exact=True)).to_be_visible()
    expect(page.locator("[data-state=live]")).to_be_visible()


def seen(walk: Walk, address: str) -> str:
    """What a visitor's browser shows."""
    page = walk.desk.person("visitor")
    page.goto(address)
    text = page.inner_text("body").strip()
    page.close()
    return text


def choose_password(page: Page) -> None:
    for field in ("new_password1", "new_password2"):
        page.locator(f"input[name={field}]").fill(PASSWORD)


def mailed(walk: Walk, path: str) -> str:
    return link_of(caught_mail(walk.on.admin), OWNER, path)


def typed(on: Road, words: str, folder: Path) -> None:
    done = on.student("bash", "-c", words, cwd=folder)
    assert done.status == 0, done.output
