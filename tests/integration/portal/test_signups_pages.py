"""The pages of the form, of the state, of the one-time link, of invitations, and the operator's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from portal.accounts.links import make_link
from portal.accounts.models import AccessKey, OneTimeLink, User
from portal.accounts.people import create_person
from portal.accounts.selectors import authenticate
from portal.clubs.actions import create_club
from portal.clubs.inviting import invite
from portal.clubs.models import Club, Membership
from portal.mail.actions import post
from portal.mail.models import CaughtMail, OutgoingMail
from portal.mail.sending import deliver
from portal.signups import links
from portal.signups.deciding import decline
from portal.signups.models import SignupRequest

from tests.integration.portal.club_pages import BACKEND, attributes, browser, text
from tests.integration.portal.operator_scene import operator_browser
from tests.integration.portal.scene import BY
from tests.integration.portal.signups_scene import ROBOTS, applied, approved, confirmed, letter, link_in

pytestmark = pytest.mark.usefixtures("clean")
PASSWORD = "correct horse battery"
FORM = {
    "club_name": "Robotics club",
    "slug": "robots",
    "person": "Mina Kim",
    "email": "Mina@school.example",
    "members": "12",
    "purpose": "A page that shows what our robots see.",
    "size": "small",
}


@pytest.fixture
def visitor() -> Client:
    return Client(headers={"accept-language": "en"})


@contextmanager
def checked_tokens() -> Iterator[Client]:
    yield Client(headers={"accept-language": "en"}, enforce_csrf_checks=True)


def test_a_student_applies_confirms_and_sees_what_happens_next(visitor: Client) -> None:
    answer = visitor.post("/apply", FORM, follow=True)
    assert answer.redirect_chain == [("/apply/sent", 302)]
    assert "mina@school.example" in text(answer)
    link = link_in(letter()[1], "/apply/confirm/")
    shown = visitor.get(link)
    assert "Robotics club" in text(shown)
    assert SignupRequest.objects.get().state == "unconfirmed"
    answer = visitor.post(link, follow=True)
    assert SignupRequest.objects.get().state == "waiting"
    assert "An operator looks at it" in text(answer)
    assert answer["Cache-Control"].find("no-store") >= 0
    assert visitor.get(link).status_code == 302
    assert visitor.get(link_in(letter()[1], "/apply/")).status_code == 200


def test_a_mail_scanner_that_opens_the_link_confirms_nothing(visitor: Client) -> None:
    visitor.get(link_in((applied(), letter())[1][1], "/apply/confirm/"))
    assert SignupRequest.objects.get().state == "unconfirmed"


@pytest.mark.parametrize(
    ("slug", "verdict"),
    [("robots", "free"), ("library", "reserved"), ("there", "taken"), ("No!", "malformed"), ("", "")],
)
def test_the_short_name_is_looked_at_while_it_is_typed(visitor: Client, slug: str, verdict: str) -> None:
    create_club(by=BY, slug="there", name="There")
    answer = visitor.get("/apply/name", {"slug": slug}, headers={"hx-request": "true"})
    assert attributes(answer, "data-verdict") == [verdict]
    assert "<html" not in answer.content.decode()


def test_what_is_typed_into_the_short_name_is_never_html(visitor: Client) -> None:
    answer = visitor.get("/apply/name", {"slug": "<script>alert(1)</script>"})
    assert "<script" not in answer.content.decode()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"slug": "library"}, "kept for the platform"),
        ({"slug": "there"}, "is taken"),
        ({"slug": "-robots"}, "lower-case letters"),
        ({"club_name": "THERE!"}, "A club of this name is here already"),
        ({"club_name": "a\u202eb"}, "nobody can see"),
        ({"club_name": "Win at http://evil.example/now"}, "no address of a page"),
        ({"person": "mail www.evil.example"}, "no address of a page"),
        ({"email": "mina"}, "valid email"),
        ({"members": "0"}, "greater than or equal to 1"),
        ({"members": "many"}, "whole number"),
        ({"purpose": "fun"}, "at least 10"),
        ({"size": "endless"}, "endless is not one"),
        ({"person": ""}, "required"),
    ],
)
def test_a_mistake_is_told_at_its_field_and_nothing_typed_is_lost(
    visitor: Client, change: dict[str, str], told: str
) -> None:
    create_club(by=BY, slug="there", name="There")
    answer = visitor.post("/apply", {**FORM, **change})
    assert answer.status_code == 422
    assert told in text(answer)
    assert FORM["purpose"] in text(answer) or "purpose" in change
    assert not SignupRequest.objects.exists()


def test_two_people_with_one_address_see_the_same(visitor: Client) -> None:
    confirmed()
    known = visitor.post("/apply", {**FORM, "slug": "chess", "club_name": "Chess"}, follow=True)
    other = Client(headers={"accept-language": "en"})
    new = other.post(
        "/apply", {**FORM, "slug": "go", "club_name": "Go", "email": "jun@school.example"}, follow=True
    )
    assert text(known).replace("mina@school", "x") == text(new).replace("jun@school", "x")


def test_whoever_is_signed_in_need_not_write_their_name_again() -> None:
    page = browser("kim", first_name="Kim Haneul").get("/apply")
    assert {"Kim Haneul", "kim@school.example"} <= set(attributes(page, "value"))


def test_a_form_without_its_token_is_refused() -> None:
    with checked_tokens() as client:
        assert client.post("/apply", FORM).status_code == 403
        token = link_in((approved(), letter())[1][1], "/welcome/")
        assert client.post(token, {"new_password1": PASSWORD}).status_code == 403
    assert not OneTimeLink.objects.exclude(used_at=None).exists()


def test_a_changed_link_shows_no_application(visitor: Client) -> None:
    request = confirmed()
    token = links.STATE.token(request.pk)
    for wrong in (f"/apply/{request.pk}", f"/apply/9{token}", f"/apply/confirm/{token}"):
        answer = visitor.get(wrong)
        assert answer.status_code == 410
        assert "Robotics" not in text(answer)


def test_a_declined_applicant_reads_why_and_amends(visitor: Client) -> None:
    request = confirmed(club_name="<b>Robots</b>")
    decline(by=BY, request_id=request.pk, reason="Who is your <i>teacher</i>?")
    page = f"/apply/{links.STATE.token(request.pk)}"
    answer = visitor.get(page)
    assert "Who is your &lt;i&gt;teacher&lt;/i&gt;?" in answer.content.decode()
    assert "<b>Robots" not in answer.content.decode()
    refused = visitor.post(page, {**FORM, "purpose": "fun"})
    assert refused.status_code == 422
    answer = visitor.post(page, {**FORM, "purpose": "With Ms Lee: what our robots see."}, follow=True)
    assert "An operator looks at it" in text(answer)
    assert SignupRequest.objects.get().purpose.startswith("With Ms Lee")


def test_the_whole_form_speaks_korean() -> None:
    client = Client(headers={"accept-language": "ko"})
    answer = client.get("/apply")
    assert 'lang="ko"' in answer.content.decode()
    assert "동아리 신청하기" in text(answer)
    client.post("/apply", FORM)
    assert letter()[0] == "Robotics club 신청을 확인해 주세요"
    refused = client.post("/apply", {**FORM, "slug": "library"})
    assert "마당이 쓰는 이름이에요" in text(refused)


def test_the_one_time_link_shows_the_key_once_with_three_real_commands(visitor: Client) -> None:
    link = link_in((approved(), letter())[1][1], "/welcome/")
    assert "Welcome, Robotics club!" in text(visitor.get(link))
    assert 'value="robots"' in visitor.get(link).content.decode()
    fields = {"new_password1": PASSWORD, "new_password2": PASSWORD, "project": "robots"}
    answer = visitor.post(link, fields, follow=True)
    (key,) = set(re.findall(r"mdg_\w+", text(answer)))
    assert authenticate(key) is not None
    assert "git remote add madang http://git.madang.localhost:8000/robots/robots.git" in text(answer)
    assert f"url=http://madang:{key}@git.madang.localhost:8000" in text(answer)
    assert "git push madang HEAD:main" in text(answer)
    assert "no-store" in answer["Cache-Control"]
    reloaded = visitor.get(answer.request["PATH_INFO"])
    assert reloaded.status_code == 410
    assert "mdg_" not in reloaded.content.decode()
    assert "A key is shown once" in text(reloaded)
    assert AccessKey.objects.count() == 1
    again = visitor.post(link, fields)
    assert again.status_code == 410
    assert key not in text(again)
    assert visitor.get(link).status_code == 410
    user = User.objects.get()
    assert visitor.session["_auth_user_id"] == str(user.pk)
    assert user.check_password(PASSWORD)
    login = Client().post("/login", {"login": ROBOTS.email, "password": PASSWORD})
    assert login.status_code == 302


def test_a_scanner_that_opens_the_link_uses_nothing_up(visitor: Client) -> None:
    link = link_in((approved(), letter())[1][1], "/welcome/")
    for _ in range(3):
        assert Client().get(link).status_code == 200
        assert Client().head(link).status_code in {200, 405}
    assert not OneTimeLink.objects.exclude(used_at=None).exists()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"new_password2": "something else"}, "match"),
        ({"new_password1": "123", "new_password2": "123"}, "too short"),
        ({"project": "No!"}, "lower-case letters"),
        ({"project": ""}, "required"),
    ],
)
def test_a_mistake_at_the_link_uses_nothing_up(visitor: Client, change: dict[str, str], told: str) -> None:
    link = link_in((approved(), letter())[1][1], "/welcome/")
    fields = {"new_password1": PASSWORD, "new_password2": PASSWORD, "project": "robots", **change}
    answer = visitor.post(link, fields)
    assert answer.status_code == 422
    assert told in text(answer)
    assert OneTimeLink.objects.get().used_at is None
    assert not User.objects.get().has_usable_password()


def test_whoever_has_an_account_signs_in_first_and_keeps_the_password(visitor: Client) -> None:
    known = create_person(by=BY, email=ROBOTS.email, name="Mina")
    known.set_password(PASSWORD)
    known.save()
    link = link_in((approved(), letter())[1][1], "/welcome/")
    answer = visitor.get(link)
    assert answer.headers["Location"] == f"/login?next={link}"
    visitor.force_login(known, backend=BACKEND)
    assert "password" not in attributes(visitor.get(link), "type")
    assert "mdg_" in text(visitor.post(link, {"project": "robots"}, follow=True))
    known.refresh_from_db()
    assert known.check_password(PASSWORD)


def test_an_operator_begins_by_a_link_too(visitor: Client) -> None:
    user = create_person(by=BY, email="op@school.example", name="Op", operator=True)
    _, token = make_link(by=BY, user=user)
    answer = visitor.post(f"/welcome/{token}", {"new_password1": PASSWORD, "new_password2": PASSWORD})
    assert answer.headers["Location"] == "/operator"
    assert visitor.get("/operator/requests").status_code == 200


def invited(email: str = "jun@school.example", role: str = "member") -> str:
    club = Club.objects.filter(slug="robots").first() or create_club(by=BY, slug="robots", name="Robots")
    invite(by=BY, club=club, email=email, role=role, language="en")
    return link_in(letter(email)[1], "/invitations/")


def test_somebody_without_an_account_joins_by_the_invitation(visitor: Client) -> None:
    link = invited(role="maintainer")
    assert "maintainer" in text(visitor.get(link))
    fields = {"name": "Jun Lee", "new_password1": PASSWORD, "new_password2": PASSWORD}
    assert visitor.post(link, {**fields, "new_password2": "x"}).status_code == 422
    answer = visitor.post(link, fields)
    assert answer.headers["Location"] == "/clubs/robots"
    member = Membership.objects.get()
    assert (member.user.email, member.user.first_name, member.role) == (
        "jun@school.example",
        "Jun Lee",
        "maintainer",
    )
    assert visitor.session["_auth_user_id"] == str(member.user.pk)
    assert visitor.get(link).status_code == 410


def test_somebody_with_an_account_joins_with_it(visitor: Client) -> None:
    link = invited(email="kim@school.example")
    kim = create_person(by=BY, email="kim@school.example", name="Kim")
    answer = visitor.get(link)
    assert f"/login?next={link}" in attributes(answer, "href")
    assert visitor.post(link, {"name": "x", "new_password1": PASSWORD}).status_code == 422
    assert not Membership.objects.exists()
    visitor.force_login(kim, backend=BACKEND)
    assert visitor.post(link).headers["Location"] == "/clubs/robots"
    assert Membership.objects.get().user == kim


def test_an_invitation_opened_by_a_scanner_is_still_there(visitor: Client) -> None:
    link = invited()
    browser("eve").get(link)
    assert not Membership.objects.exists()
    assert visitor.get(link).status_code == 200


def test_an_operator_sees_what_waits_and_approves_it_with_a_budget() -> None:
    request, client = confirmed(size="medium"), operator_browser()
    listed = client.get("/operator/requests")
    assert "Robotics club" in text(listed)
    assert {"a", "d"} <= set(attributes(listed, "data-key"))
    page = client.get(f"/operator/requests/{request.pk}")
    assert {"4096", "4", "20", "2"} <= set(attributes(page, "value"))
    grant = {"memory": "3072", "cpu": "2.5", "pods": "7", "projects": "4", "builds": "1"}
    answer = client.post(f"/operator/requests/{request.pk}/approve", grant, follow=True)
    assert "is approved" in text(answer)
    club = Club.objects.get()
    assert (club.memory_bytes, club.cpu_millicores, club.pods) == (3 << 30, 2500, 7)
    assert (club.max_projects, club.builds) == (4, 1)
    assert "has not opened the link yet" in text(client.get(f"/operator/requests/{request.pk}"))
    client.post(f"/operator/requests/{request.pk}/link")
    assert OneTimeLink.objects.filter(revoked_at=None).count() == 1


def test_an_operator_declines_with_a_reason_and_takes_it_back() -> None:
    request, client = confirmed(), operator_browser()
    page = f"/operator/requests/{request.pk}"
    assert client.post(f"{page}/decline", {"reason": ""}).status_code == 422
    client.post(f"{page}/decline", {"reason": "Who is your teacher?"})
    assert "Who is your teacher?" in text(client.get(page))
    client.post(f"{page}/reopen")
    request.refresh_from_db()
    assert (request.state, request.reason) == ("waiting", "")


def test_a_refused_decision_is_explained_and_keeps_what_was_typed() -> None:
    request, client = confirmed(), operator_browser()
    create_club(by=BY, slug="robots", name="Other")
    page = f"/operator/requests/{request.pk}"
    grant = {"memory": "3071", "cpu": "2.5", "pods": "7", "projects": "4", "builds": "1"}
    answer = client.post(f"{page}/approve", grant)
    assert answer.status_code == 409
    assert attributes(answer, "data-reason") == ["club-exists"]
    assert "3071" in attributes(answer, "value")
    assert client.post(f"{page}/approve", {**grant, "memory": "0"}).status_code == 422
    client.post(f"{page}/decline", {"reason": "No."})
    again = client.post(f"{page}/decline", {"reason": "No."})
    assert (again.status_code, attributes(again, "data-reason")) == (409, ["already-decided"])


def test_an_operator_reads_caught_mail_as_text(cluster: object) -> None:
    deliver(post(to="jun@school.example", subject="<i>Hi</i>", body="<script>alert(1)</script>\n").pk)
    client = operator_browser()
    assert "&lt;i&gt;Hi" in client.get("/operator/mail").content.decode()
    answer = client.get(f"/operator/mail/{CaughtMail.objects.get().pk}")
    assert "&lt;script&gt;alert(1)" in answer.content.decode()
    assert "alert(1)" not in text(client.get("/operator/mail", {"to": "mina@school.example"}))
    assert client.get("/operator/mail/0").status_code == 404


def test_applications_and_mail_stand_among_the_operators_pages() -> None:
    client = operator_browser()
    request = confirmed()
    for path, tab in (
        ("/operator/requests", "/operator"),
        (f"/operator/requests/{request.pk}", "/operator"),
        ("/operator/mail", "/operator/mail"),
    ):
        page = client.get(path).content.decode()
        assert f'<a href="{tab}" aria-current="page">' in page, path
        assert '<a href="/operator/fleet">' in page, path


def test_a_search_for_mail_that_finds_none_leads_back_to_all_of_it() -> None:
    page = operator_browser().get("/operator/mail", {"to": "nobody@school.example"})
    assert "No mail was caught" in text(page)
    assert 'href="/operator/mail">Show all' in page.content.decode()


def test_an_operator_sees_what_was_not_delivered_and_has_it_tried_again() -> None:
    mail = post(to="jun@school.example", subject="Hello", body="x")
    OutgoingMail.objects.update(state="failed", failures=1, trouble="550 <no> such user")
    client = operator_browser()
    assert "550 &lt;no&gt; such user" in client.get("/operator/mail").content.decode()
    client.post(f"/operator/mail/{mail.pk}/again")
    mail.refresh_from_db()
    assert mail.state == "waiting"
    assert client.post("/operator/mail/0/again").status_code == 404


@pytest.mark.parametrize(
    "path", ["/operator/requests", "/operator/requests/1", "/operator/mail", "/operator/mail/1"]
)
def test_nobody_else_sees_the_operators_pages(path: str) -> None:
    assert Client().get(path).headers["Location"].startswith("/login")
    assert browser("kim").get(path).status_code == 404


def test_every_page_is_for_people_of_both_languages(visitor: Client) -> None:
    """No words are left in English where the page is in Korean."""
    request = confirmed()
    pages: dict[str, Any] = {
        "/apply": Client(),
        f"/apply/{links.STATE.token(request.pk)}": Client(),
        invited(): Client(),
        f"/operator/requests/{request.pk}": operator_browser(),
        "/operator/requests": operator_browser("root2"),
        "/operator/mail": operator_browser("root3"),
    }
    known = {settings.MADANG.domain, "Madang", "English", "Robotics", "Robots", "Mina", "Kim", "CPU", "MiB"}
    for path, client in pages.items():
        words = text(client.get(path, headers={"accept-language": "ko"}))
        body = words[words.index("마당") if "마당" in words else 0 :]
        left = set(re.findall(r"\b[A-Z][a-z]{3,}\b", body)) - known
        assert not left, (path, left)
