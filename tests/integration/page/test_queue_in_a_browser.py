"""The queue comes anew every five seconds; what an operator is asked meanwhile stays, as does the focus."""

from __future__ import annotations

from playwright.sync_api import Page, expect
from portal.accounts.people import create_person
from portal.accounts.principal import operator
from portal.builds.models import Build
from portal.builds.steering import jump

from tests.integration.page.site import Site
from tests.integration.portal.scene import BY, ScriptedCluster, push, some_project


def fetched_anew(page: Page) -> None:
    """Twice: the first may have been under way before."""
    for _ in range(2):
        with page.expect_response(lambda answer: answer.url.endswith("/operator/queue")):
            pass


def test_the_question_stays_open_until_it_is_answered(site: Site, cluster: ScriptedCluster) -> None:
    build = push(some_project("menu"))
    page = site.visitor(create_person(by=BY, email="op@school.example", name="Op", operator=True))
    page.goto("/operator/queue")
    ask = page.get_by_role("button", name=f"Cancel build {build.pk}", exact=True)
    ask.click()
    question = page.get_by_role("dialog", name=f"Cancel build {build.pk} of {build.project}")
    expect(question).to_contain_text("It loses its place")
    other = push(some_project("shop"))
    fetched_anew(page)
    expect(question).to_be_visible()
    question.get_by_role("button", name="Keep the build").click()
    expect(page.get_by_role("link", name=str(other.project))).to_be_visible()
    assert Build.objects.get(pk=build.pk).state == "queued"
    ask.click()
    question.get_by_role("button", name="Cancel the build").click()
    expect(page.get_by_text(f"Build {build.pk} of {build.project} is cancelled.")).to_be_visible()
    assert Build.objects.get(pk=build.pk).state == "cancelled"


def test_the_focus_stays_on_a_build_that_changes_its_place(site: Site, cluster: ScriptedCluster) -> None:
    push(some_project("menu"))
    build = push(some_project("shop"))
    page = site.visitor(create_person(by=BY, email="op@school.example", name="Op", operator=True))
    page.goto("/operator/queue")
    ask = page.get_by_role("button", name=f"Cancel build {build.pk}", exact=True)
    ask.focus()
    jump(by=operator("operator"), build_id=build.pk)
    expect(page.get_by_text("jumps")).to_be_visible()
    expect(ask).to_be_focused()


def test_back_shows_the_whole_queue_and_not_what_was_fetched_last(
    site: Site, cluster: ScriptedCluster
) -> None:
    build = push(some_project("menu"))
    page = site.visitor(create_person(by=BY, email="op@school.example", name="Op", operator=True))
    page.goto("/operator/queue")
    fetched_anew(page)
    page.get_by_role("link", name=str(build.project)).click()
    expect(page.get_by_role("heading", name=f"Build {build.pk}")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="Queue of builds")).to_be_visible()
