"""A form that is sent twice (a double click, a reload, Back and Send) is carried out once, by the server."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver
from django.utils import timezone
from portal.accounts.models import AccessKey
from portal.builds.models import Build
from portal.clubs.actions import create_club
from portal.clubs.models import BudgetRequest, Club, Invitation, Membership, Suspension
from portal.mail.models import OutgoingMail
from portal.notifications.models import Channel, Delivery
from portal.projects.models import Project
from portal.releases.models import Release
from portal.signups.models import SignupRequest
from portal.web import once
from portal.web.models import SentForm

from deployer.build import BuildOutcome
from tests.integration.portal.club_pages import browser, text
from tests.integration.portal.operator_scene import operator_browser
from tests.integration.portal.scene import BY, WHY, ScriptedCluster, push, some_project, work
from tests.integration.portal.test_claims import at_once
from tests.integration.portal.visitors import visit
from tests.integration.portal.words import PORTAL

pytestmark = pytest.mark.usefixtures("clean")
TWICE = "This was sent more than once. It was carried out once."
# Sent again they do the same, or nothing: signing in and out, links that open once, what is only looked at,
# and values that are set to what they are.
HARMLESS = {
    "account/login.html: account_login",
    "account/password_reset.html: account_reset_password",
    "account/password_reset_from_key.html: action_url",
    "account/profile.html",
    "account/sessions.html",
    "apply/confirm.html",
    "apply/invitation.html",
    "apply/welcome.html",
    "apply/welcome.html: provider_login_url",
    "club/members.html: club-member-role",
    "club/settings.html: club-rename",
    "components/bar.html: account_logout",
    "components/bar.html: front-language",
    "components/bar.html: front-theme",
    "elements/provider.html: attrs.href",
    "notifications/channels.html: row.events_url",
    "notifications/confirm.html",
    "notifications/stop.html",
    "operator/person.html: operator-person-enable",
    "operator/queue.html: operator-queue-pause",
    "operator/queue.html: operator-queue-resume",
    "operator/settings.html: operator-price-remove",
    "operator/settings.html: operator-price-set",
    "project/config.html: project-config-reveal",
    "project/settings.html: project-branch",
}


def sender(client: Client, page: str, action: str = "", **fields: Any) -> Callable[[], Any]:
    """Sends the form as a browser does that has the page open: each time with what stands in it."""
    shown = client.get(page).content.decode()
    forms = re.findall(r"<form\b([^>]*)>(.*?)</form>", shown, re.S)
    wanted = action or page
    found = [
        inside
        for tag, inside in forms
        if 'method="post"' in tag and (re.findall(r'action="([^"]*)"', tag) or [page]) == [wanted]
    ]
    assert found, f"no form for {wanted} on {page}"
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', found[0]))
    assert once.FIELD in hidden, f"{wanted} may be carried out twice"
    given = {name: unescape(value) for name, value in hidden.items()} | fields
    return lambda: client.post(wanted, given)


def sent_twice(send: Callable[[], Any], client: Client) -> str:
    """Where both answers lead; the second says that it was the second."""
    first = send()
    assert first.status_code == 302, text(first)
    client.get(first["Location"])
    second = send()
    assert (second.status_code, second["Location"]) == (302, first["Location"])
    return str(first["Location"])


@pytest.fixture
def club() -> Club:
    return create_club(by=BY, slug="robots", name="Robots")


@pytest.fixture
def owner(club: Club) -> Client:
    return browser("mina", club, "owner")


def test_a_project_is_made_once_and_the_second_answer_says_so(owner: Client) -> None:
    send = sender(owner, "/clubs/robots/new", name="site")
    assert sent_twice(send, owner) == "/clubs/robots/site"
    assert TWICE in text(owner.get("/clubs/robots/site"))
    assert Project.objects.count() == 1


def test_a_key_an_invitation_and_a_wish_are_made_once(owner: Client) -> None:
    key = {"name": "laptop", "scope": "deploy", "project": "", "days": "90"}
    where = sent_twice(sender(owner, "/clubs/robots/keys", **key), owner)
    assert where == f"/clubs/robots/keys/{AccessKey.objects.get().pk}/made"
    members = "/clubs/robots/members"
    send = sender(owner, members, f"{members}/invite", email="jun@school.example", role="member")
    assert sent_twice(send, owner) == members
    assert (Invitation.objects.count(), OutgoingMail.objects.count()) == (1, 1)
    again = f"{members}/invitations/{Invitation.objects.get().pk}/resend"
    sent_twice(sender(owner, members, again), owner)
    assert OutgoingMail.objects.count() == 2
    more = {"memory_gib": "8", "cores": "8", "pods": "40", "why": "A contest."}
    sent_twice(sender(owner, "/clubs/robots/budget", "/clubs/robots/budget/ask", **more), owner)
    assert BudgetRequest.objects.count() == 1


def test_who_has_left_or_deleted_a_club_learns_that_it_was_done(club: Club, owner: Client) -> None:
    member = browser("jun", club, "member")
    members = "/clubs/robots/members"
    assert sent_twice(sender(member, members, f"{members}/leave"), member) == "/clubs"
    assert Membership.objects.count() == 1
    send = sender(owner, "/clubs/robots/settings", "/clubs/robots/settings/delete", typed="robots")
    assert sent_twice(send, owner) == "/clubs"
    assert not Club.objects.exists()


def test_what_makes_a_release_makes_one(cluster: ScriptedCluster) -> None:
    project = some_project("menu")
    member = visit(project.club)
    home = f"/clubs/{project.club.slug}/menu"
    build = push(project)
    work()
    page = f"{home}/builds/{build.pk}"
    assert sent_twice(sender(member, page, f"{page}/redeploy"), member) == f"{home}/releases/2"
    work()
    sent_twice(sender(member, f"{home}/settings", f"{home}/settings/restart"), member)
    work()
    sent_twice(sender(member, f"{home}/releases/1/rollback"), member)
    work()
    size = {"replicas": "2", "memory": "64", "cpu": "100"}
    sent_twice(sender(member, f"{home}/settings", f"{home}/settings/scale", **size), member)
    work()
    variable = {"new-0-name": "A", "new-0-value": "1"}
    assert sent_twice(sender(member, f"{home}/config", **variable), member) == f"{home}/releases/6"
    assert Release.objects.count() == 6


def test_a_failed_build_is_built_again_once(cluster: ScriptedCluster) -> None:
    project = some_project("menu")
    member = visit(project.club)
    cluster.build_outcomes.append(BuildOutcome("failed", explanation=WHY))
    build = push(project)
    work()
    page = f"/clubs/{project.club.slug}/menu/builds/{build.pk}"
    sent_twice(sender(member, page, f"{page}/rebuild"), member)
    assert Build.objects.count() == 2


def test_a_project_is_deleted_once(club: Club, owner: Client) -> None:
    sender(owner, "/clubs/robots/new", name="site")()
    send = sender(owner, "/clubs/robots/site/settings/delete", typed="site")
    assert sent_twice(send, owner) == "/clubs/robots"


def test_a_channel_is_added_tested_and_removed_once(owner: Client) -> None:
    page = "/clubs/robots/notifications"
    given = {"kind": "webhook", "name": "Bot", "target": "https://example.org/hook", "events": "live"}
    sent_twice(sender(owner, page, **given), owner)
    channel = Channel.objects.get()
    sent_twice(sender(owner, page, f"{page}/{channel.pk}/test"), owner)
    assert Delivery.objects.count() == 1
    sent_twice(sender(owner, page, f"{page}/{channel.pk}/remove"), owner)
    assert not Channel.objects.exists()


def test_an_operator_suspends_resumes_and_sets_a_budget_once(club: Club) -> None:
    runs = operator_browser()
    page = "/operator/clubs/robots/suspension"
    send = sender(runs, page, typed="robots", why="Spam.")
    assert sent_twice(send, runs) == page
    assert Suspension.objects.count() == 1
    sent_twice(sender(runs, page, f"{page}/end"), runs)
    budget = "/operator/clubs/robots/budget"
    given = {"memory_gib": "9", "cores": "4", "pods": "20", "projects": "20", "builds": "2"}
    assert sent_twice(sender(runs, budget, **given), runs) == "/operator/clubs"
    # What Undo would bring back is what was there before the first.
    assert 'name="memory_gib" value="4' in runs.get("/operator/clubs").content.decode()


def test_an_application_is_sent_once_by_a_visitor_without_an_account() -> None:
    visitor = Client(headers={"accept-language": "en"})
    given = {
        "club_name": "Robots",
        "slug": "robots",
        "person": "Mina",
        "email": "mina@school.example",
        "members": "7",
        "purpose": "A page of our robots.",
        "size": "small",
    }
    assert sent_twice(sender(visitor, "/apply", **given), visitor) == "/apply/sent"
    assert (SignupRequest.objects.count(), OutgoingMail.objects.count()) == (1, 1)


def test_two_clicks_at_the_same_moment_make_one(owner: Client) -> None:
    """The second waits until the first has its answer."""
    key = {"name": "laptop", "scope": "deploy", "project": "", "days": "90"}
    send = sender(owner, "/clubs/robots/keys", **key)
    answers = at_once(*[send] * 6)
    where = {answer["Location"] for answer in answers if not isinstance(answer, BaseException)}
    assert where == {f"/clubs/robots/keys/{AccessKey.objects.get().pk}/made"}
    assert not [answer for answer in answers if isinstance(answer, BaseException)]


def test_what_was_changed_since_is_another_form(owner: Client) -> None:
    page = owner.get("/clubs/robots/new").content.decode()
    (token,) = re.findall(r'name="once" value="([^"]+)"', page)
    for name in ("one", "two", "one"):
        owner.post("/clubs/robots/new", {"name": name, once.FIELD: token})
    assert set(Project.objects.values_list("slug", flat=True)) == {"one", "two"}
    assert SentForm.objects.count() == 2


def test_a_form_that_was_refused_may_be_sent_again_as_it_is(owner: Client, club: Club) -> None:
    Club.objects.update(max_projects=0)
    send = sender(browser("jun", club, "owner"), "/clubs/robots/new", name="site")
    assert send().status_code == 409
    assert not SentForm.objects.exists()
    Club.objects.update(max_projects=1)
    assert send().status_code == 302


def test_a_view_that_fails_has_done_nothing(owner: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from portal.web.pages.club import new

    send = sender(owner, "/clubs/robots/new", name="site")

    def fail(*_: Any) -> None:
        raise RuntimeError("boom")

    with monkeypatch.context() as broken:
        broken.setattr(new.messages, "success", fail)
        with pytest.raises(RuntimeError):
            send()
    assert not Project.objects.exists()
    assert send().status_code == 302


def test_a_token_says_nothing_to_anybody_else(owner: Client, club: Club) -> None:
    page = owner.get("/clubs/robots/new").content.decode()
    (token,) = re.findall(r'name="once" value="([^"]+)"', page)
    given = {"name": "site", once.FIELD: token}
    assert owner.post("/clubs/robots/new", given).status_code == 302
    assert browser("jun", club, "owner").post("/clubs/robots/new", given).status_code == 409
    assert Client().post("/clubs/robots/new", given)["Location"].startswith("/login")


def test_a_form_without_a_token_is_carried_out_each_time(owner: Client) -> None:
    for _ in range(2):
        owner.post("/clubs/robots/members/invite", {"email": "jun@school.example", "role": "member"})
    assert OutgoingMail.objects.count() == 2
    assert not SentForm.objects.exists()


def test_rows_are_forgotten_after_a_day(owner: Client) -> None:
    sender(owner, "/clubs/robots/new", name="site")()
    assert once.forget() == 0
    SentForm.objects.update(sent_at=timezone.now() - timedelta(hours=25))
    assert once.forget() == 1


def test_every_form_is_carried_out_once_or_known_to_be_harmless() -> None:
    bare = set()
    for path in sorted(PORTAL.glob("**/templates/**/*.html")):
        if "node_modules" in path.parts:
            continue
        name = "/".join(path.parts[-2:])
        for tag, inside in re.findall(r"<form\b((?:[^>]|%}|->)*?)>(.*?)</form>", path.read_text(), re.S):
            if 'method="post"' in tag and "{% once %}" not in inside:
                action = re.search(r"""action="{[%{] (?:url )?'?([\w.-]+)""", tag)
                bare.add(f"{name}: {action[1]}" if action else name)
    assert bare == HARMLESS


def test_forms_with_a_token_lead_to_views_that_heed_it() -> None:
    heeding = {
        pattern.name
        for resolver in get_resolver().url_patterns
        for pattern in _leaves(resolver)
        if getattr(pattern.callback, "once", False)
    }
    named = {
        route
        for path in PORTAL.glob("**/templates/**/*.html")
        for tag, inside in re.findall(r"<form\b([^>]*)>(.*?)</form>", path.read_text(), re.S)
        if "{% once %}" in inside
        for route in re.findall(r"{% url '([\w-]+)'", tag)
    }
    assert named <= heeding


def _leaves(resolver: Any) -> list[Any]:
    if not hasattr(resolver, "url_patterns"):
        return [resolver]
    return [leaf for each in resolver.url_patterns for leaf in _leaves(each)]
