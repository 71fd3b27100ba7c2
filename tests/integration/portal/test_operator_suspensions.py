"""An operator suspends a club by its name and with a reason, and takes it back; everybody in it reads why."""

from __future__ import annotations

import pytest
from portal.clubs.actions import create_club
from portal.clubs.models import Club, Suspension
from portal.clubs.suspending import suspend_club
from portal.projects.actions import create_project
from portal.projects.models import Project

from tests.integration.portal.club_pages import attributes, browser, text
from tests.integration.portal.operator_scene import operator_browser
from tests.integration.portal.scene import BY, ScriptedCluster, push, work

SPAM = "They sent <b>spam</b>."
PAGE = "/operator/clubs/robots/suspension"


@pytest.fixture
def club(clean: None) -> Club:
    return create_club(by=BY, slug="robots", name="Robots")


@pytest.fixture
def project(cluster: ScriptedCluster, club: Club) -> Project:
    made = create_project(by=BY, club=club, slug="site")
    push(made)
    work()
    return made


def test_a_club_is_suspended_by_its_name_with_a_reason_and_resumed(project: Project) -> None:
    root = operator_browser()
    listed = root.get("/operator/clubs")
    assert PAGE in attributes(listed, "href")
    asked = root.get(PAGE)
    assert "1 live project is brought to no copy" in text(asked)
    done = root.post(PAGE, {"why": SPAM, "typed": "robots"}, follow=True)
    assert "Robots is suspended; you can resume it here." in text(done)
    assert "They sent &lt;b&gt;spam&lt;/b&gt;." in done.content.decode()
    assert Suspension.objects.get().why == SPAM
    assert "suspended" in text(root.get("/operator/clubs"))
    done = root.post(f"{PAGE}/end", follow=True)
    assert "Robots is resumed" in text(done)
    assert Suspension.objects.get().ended_at is not None
    assert "Earlier suspensions" in text(root.get(PAGE))


def test_another_name_or_no_reason_suspends_nothing_and_keeps_what_was_typed(club: Club) -> None:
    root = operator_browser()
    refused = root.post(PAGE, {"why": "Too loud.", "typed": "chess"})
    assert refused.status_code == 422
    assert "This is not robots." in text(refused)
    assert "Too loud." in text(refused)
    assert root.post(PAGE, {"why": " ", "typed": "robots"}).status_code == 422
    assert not Suspension.objects.exists()
    assert root.post(f"{PAGE}/end").status_code == 409
    assert root.get("/operator/clubs/nobody/suspension").status_code == 404


def test_a_second_operator_is_told_that_it_is_done_already(club: Club) -> None:
    suspend_club(by=BY, club=club, why="Too loud.")
    refused = operator_browser().post(PAGE, {"why": "Again.", "typed": "robots"})
    assert refused.status_code == 409
    assert "suspended already" in text(refused)


def test_nobody_else_may(club: Club) -> None:
    for role in ("owner", "maintainer", "member"):
        client = browser(f"a-{role}", club, role)
        assert client.get(PAGE).status_code == 404
        assert client.post(PAGE, {"why": "x", "typed": "robots"}).status_code == 404
        assert client.post(f"{PAGE}/end").status_code == 404
    assert not Suspension.objects.exists()


def test_every_page_of_the_club_shows_why_and_since_when(project: Project) -> None:
    member = browser("jun", project.club, "owner")
    assert "is suspended" not in text(member.get("/clubs/robots"))
    suspension = suspend_club(by=BY, club=project.club, why=SPAM)
    for page in ("", "/members", "/budget", "/keys", "/settings", "/site", "/site/config", "/site/releases"):
        shown = member.get(f"/clubs/robots{page}")
        assert shown.status_code == 200, page
        assert "Robots is suspended: its projects stand still" in text(shown), page
        assert "They sent &lt;b&gt;spam&lt;/b&gt;." in shown.content.decode(), page
        assert suspension.begun_at.isoformat() in attributes(shown, "datetime"), page
    shown = text(member.get("/clubs/robots/site"))
    assert "Suspended" in shown
    assert "Operator test suspended the club" in shown
    assert "suspended the club" in text(member.get("/clubs/robots/audit"))
    assert "is suspended" not in text(browser("eve").get("/clubs"))


def test_what_would_deploy_is_refused_on_the_page_with_the_reason(project: Project) -> None:
    member = browser("jun", project.club, "owner")
    suspend_club(by=BY, club=project.club, why="Too loud.")
    refused = member.post("/clubs/robots/site/settings/restart")
    assert refused.status_code == 409
    assert "nothing of it is deployed" in text(refused)
    assert "Too loud." in text(refused)


def test_it_is_said_in_korean_too(project: Project) -> None:
    suspend_club(by=BY, club=project.club, why="Too loud.")
    member = browser("jun", project.club, "owner")
    shown = text(member.get("/clubs/robots/site", headers={"accept-language": "ko"}))
    assert "Robots 동아리가 정지됐어요" in shown
    assert "운영자가 동아리를 정지했어요." in shown
