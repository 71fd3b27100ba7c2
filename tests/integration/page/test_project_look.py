"""A project's pages in a browser: what lives, what is keyed, in the dark and without JavaScript."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from portal.accounts.models import User
from portal.builds import log
from portal.builds.models import Build, StreamState
from portal.projects.actions import set_config
from portal.projects.models import Project
from portal.projects.selectors import config
from portal.releases.models import Release

from tests.integration.page.site import PHONE, Site, axe
from tests.integration.portal.scene import BY, ScriptedCluster, push, some_project, work
from tests.integration.portal.visitors import person


@pytest.fixture
def project(cluster: ScriptedCluster) -> Project:
    return some_project("menu")


@pytest.fixture
def member(project: Project) -> User:
    return person(project.club)


def at(project: Project, path: str = "") -> str:
    return f"/clubs/{project.club.slug}/{project.slug}{path}"


def test_the_first_push_page_turns_into_the_live_log_and_then_into_what_is_live(
    site: Site, project: Project, member: User
) -> None:
    page = site.visitor(member)
    page.goto(at(project))
    expect(page.get_by_text("Waiting for your push")).to_be_visible()
    build = push(project)
    expect(page.get_by_role("heading", name="Happening now")).to_be_visible()
    expect(page.locator(".log-lines")).to_contain_text(f"Build {build.pk}: commit")
    log.say(build.stream_id, "<b>a line</b> that comes later", kind="build")
    expect(page.locator(".log-build").last).to_contain_text("<b>a line</b> that comes later")
    assert page.locator(".log-lines b").count() == 0
    work()
    expect(page.locator("[data-state]").first).to_have_attribute("data-state", "live")
    expect(page.get_by_text("Ended: it is live.")).to_be_visible()
    expect(page.get_by_text("went live after")).to_be_visible()


def test_a_log_is_followed_wrapped_and_searched_by_keys_of_its_own(
    site: Site, project: Project, member: User
) -> None:
    build = push(project)
    log.say(build.stream_id, *[f"line {number}" for number in range(300)], kind="build")
    page = site.visitor(member)
    page.goto(at(project, f"/builds/{build.pk}"))
    lines = page.locator(".log-lines")
    expect(lines.locator(".log-line")).to_have_count(301)
    expect(page.get_by_role("button", name="Pause")).to_have_attribute("aria-pressed", "true")
    assert lines.evaluate("one => one.scrollTop + one.clientHeight >= one.scrollHeight - 2")
    lines.focus()
    page.keyboard.press("f")
    expect(page.get_by_role("button", name="Follow")).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("w")
    expect(page.get_by_role("button", name="Wrap lines")).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("/")
    page.keyboard.type("line 29")
    expect(page.get_by_text("1/11 matches")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator(".log-here")).to_contain_text("line 290")
    lines.focus()
    page.keyboard.press("End")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()


def test_a_build_that_ends_is_told_on_its_page(site: Site, project: Project, member: User) -> None:
    build = push(project)
    page = site.visitor(member)
    page.goto(at(project, f"/builds/{build.pk}"))
    expect(page.get_by_text("Number 1 in the queue.")).to_be_visible()
    page.get_by_role("button", name="Cancel the build").click()
    expect(page.get_by_text(f"Build {build.pk} is cancelled.")).to_be_visible()
    other = push(project)
    page.goto(at(project, f"/builds/{other.pk}"))
    Build.objects.filter(pk=other.pk).update(state="failed", explanation={"reason": "x", "what": "It broke."})
    log.end(other.stream_id, StreamState.FAILED)
    expect(page.get_by_text("Ended: it failed.")).to_be_visible()
    expect(page.get_by_text("It broke.")).to_be_visible()
    expect(page.locator("#build")).to_have_count(1)
    expect(page.locator("#build[hx-get]")).to_have_count(0)


def test_without_javascript_variables_are_saved_and_releases_rolled_back(
    site: Site, project: Project, member: User
) -> None:
    push(project)
    work()
    page = site.visitor(member, script=False)
    page.goto(at(project, "/config"))
    page.locator("#id_new-0-name").fill("COLOUR")
    page.locator("#id_new-0-value").fill("green")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/releases/2")
    assert config(project) == {"COLOUR": "green"}
    work()
    page.goto(at(project, "/releases"))
    page.get_by_role("link", name="Roll back to release 1").click()
    expect(page.get_by_text("COLOUR", exact=True)).to_be_visible()
    page.get_by_role("button", name="Roll back to release 1").click()
    page.wait_for_url("**/releases/3")
    work()
    assert config(project) == {}
    assert Release.objects.get(project=project, state="live").number == 3


def test_what_is_typed_stays_when_a_value_is_shown(site: Site, project: Project) -> None:
    set_config(by=BY, project=project, set={"TOKEN": "a-token", "URL": "an-url"})
    page = site.visitor(person(project.club, "maintainer"))
    page.goto(at(project, "/config"))
    page.locator("#id_new-0-name").fill("COLOUR")
    page.get_by_role("button", name="Show the value URL").click()
    expect(page.locator("pre.evidence")).to_have_text("an-url")
    expect(page.locator("#id_new-0-name")).to_have_value("COLOUR")
    unscripted = site.visitor(person(project.club, "maintainer"), script=False)
    unscripted.goto(at(project, "/config"))
    unscripted.get_by_role("button", name="Show the value URL").click()
    expect(unscripted.locator("#value-2 pre.evidence")).to_have_text("an-url")


def test_a_refused_form_shows_its_first_wrong_field_however_far_down(site: Site, project: Project) -> None:
    page = site.visitor(person(project.club, "maintainer"), width=PHONE)
    page.goto(at(project, "/settings"))
    page.get_by_label("Branch that deploys").fill("no..branch")
    page.keyboard.press("Enter")
    wrong = page.locator("[aria-invalid=true]")
    expect(wrong).to_have_value("no..branch")
    expect(wrong).to_be_focused()
    expect(wrong).to_be_in_viewport()


def test_dark_pages_have_contrast_too(site: Site, project: Project) -> None:
    owner = person(project.club, "owner")
    set_config(by=BY, project=project, set={"TOKEN": "x"})
    build = push(project)
    log.say(build.stream_id, "\x1b[31mred\x1b[0m", "\x1b[2mdim\x1b[0m", kind="build")
    page = site.visitor(owner, theme="dark")
    wrong = []
    for path in ("", f"/builds/{build.pk}", "/releases", "/config", "/logs", "/network", "/settings"):
        page.goto(at(project, path))
        wrong += [f"{path}: {each}" for each in axe(page)]
    assert wrong == []
