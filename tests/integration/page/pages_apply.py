from __future__ import annotations

import secrets
from typing import Any

from django.core.signing import TimestampSigner
from playwright.sync_api import Page
from portal.accounts.links import find_link, make_link
from portal.accounts.people import create_person
from portal.clubs.actions import add_member
from portal.clubs.inviting import invite
from portal.clubs.models import Invitation
from portal.derived import token_hash
from portal.mail.actions import post
from portal.mail.models import CaughtMail, MailState, OutgoingMail
from portal.mail.sending import deliver
from portal.signups import actions, links
from portal.signups.application import Application
from portal.signups.deciding import approve, decline
from portal.signups.grants import PRESETS
from portal.signups.models import SignupRequest

from tests.integration.page.registered import Registered
from tests.integration.page.seed import LONG_ENGLISH, LONG_KOREAN, Scene
from tests.integration.portal.scene import BY

INVITED = "a link for the looked-at pages"
PURPOSE = (
    "급식 메뉴와 알레르기 정보를 보여 주는 페이지를 만들고, 점심시간마다 투표할 수 있게 하려고 해요.\n"
    "We also want to show what our robots see, live, on the day of the open house."
)
LINKS: list[str] = []
APPLICANTS = {
    "unconfirmed": "아직 확인하지 않은 동아리",
    "waiting": LONG_KOREAN[:80] + " 2기",
    "second": LONG_ENGLISH + " II",
    "declined": "Sunday bakers",
    "approved": "급식 연구회",
}


def seed(scene: Scene) -> None:
    for slug, name in APPLICANTS.items():
        made = actions.apply(application=application(slug, name), language="ko", address="192.0.2.7")
        assert made is not None
        if slug != "unconfirmed":
            actions.confirm(request_id=made.pk, address="192.0.2.7")
    decline(by=BY, request_id=request("declined").pk, reason="지도 선생님이 누구신지 적어 주세요.\n고마워요!")
    approve(by=BY, request_id=request("approved").pk, grant=PRESETS["small"])
    invite(by=BY, club=scene.clubs["robotics"], email="new@school.example", role="maintainer", language="ko")
    Invitation.objects.update(digest=token_hash(INVITED))
    # One to look at, and one to use up in each language.
    LINKS[:] = [one_time_link(scene) for _ in range(3)]
    for mail in OutgoingMail.objects.all():
        deliver(mail.pk)
    for state, trouble in ((MailState.WAITING, "450 4.2.0 greylisted"), (MailState.FAILED, "550 no user")):
        mail = post(to="nobody@school.example", subject="급식 연구회 신청을 받았어요", body="x")
        OutgoingMail.objects.filter(pk=mail.pk).update(state=state, trouble=trouble, failures=3)


def application(slug: str, name: str) -> Application:
    return Application(
        slug=f"{slug}-club",
        club_name=name,
        email=f"{slug}.with.quite.a.long.address@department.school.example",
        person="김하늘",
        members=12,
        purpose=PURPOSE,
        size="medium",
    )


def request(slug: str) -> SignupRequest:
    return SignupRequest.objects.get(slug=f"{slug}-club")


def state(slug: str) -> Any:
    return lambda scene: {"token": links.STATE.token(request(slug).pk)}


def number(slug: str) -> Any:
    return lambda scene: {"number": request(slug).pk}


def confirmation(scene: Scene) -> dict[str, Any]:
    signer = TimestampSigner(salt="madang.signups.confirm")
    return {"token": signer.sign(str(request("unconfirmed").pk))}


def one_time_link(scene: Scene) -> str:
    """Of a new owner: a link works once."""
    owner = create_person(by=BY, email=f"{secrets.token_hex(4)}@school.example", name="Mina")
    add_member(by=BY, club=scene.clubs["robotics"], username=owner.username, role="owner")
    _, token = make_link(by=BY, user=owner, club=scene.clubs["robotics"])
    return token


def unused_link(scene: Scene) -> dict[str, Any]:
    return {"token": next(token for token in LINKS if find_link(token))}


def newest_mail(scene: Scene) -> dict[str, Any]:
    return {"number": CaughtMail.objects.filter(subject__contains="마당에 온 것을").latest("pk").pk}


def mistaken(page: Page) -> None:
    page.locator("#id_slug").press_sequentially("library")
    page.wait_for_selector("[data-verdict=reserved]")
    page.fill("#id_email", "mina")
    page.locator("main form button").click()
    page.wait_for_selector("#id_email_error")


def send(page: Page) -> None:
    for name, value in {
        "club_name": f"Club {secrets.token_hex(3)}",
        "slug": f"c{secrets.token_hex(4)}",
        "person": "Mina Kim",
        "email": f"{secrets.token_hex(4)}@school.example",
        "purpose": PURPOSE,
    }.items():
        page.fill(f"#id_{name}", value)
    page.locator("main form button").click()
    page.wait_for_url("**/apply/sent")


def begin(page: Page) -> None:
    password = secrets.token_urlsafe(12)
    page.fill("#id_new_password1", password)
    page.fill("#id_new_password2", password)
    page.fill("#id_project", f"p{secrets.token_hex(4)}")
    page.locator("main form button").click()
    page.wait_for_selector("#key")


PAGES = [
    Registered("apply-form"),
    Registered("apply-form", name="mistaken", before=mistaken),
    Registered("apply-form", name="sent", before=send),
    Registered("apply-confirm", kwargs=confirmation),
    Registered("apply-confirm", kwargs={"token": "1:1:1"}, name="broken", status=410),
    *(
        Registered("apply-state", kwargs=state(slug), name=slug)
        for slug in ("unconfirmed", "waiting", "declined", "approved")
    ),
    Registered("apply-welcome", kwargs=unused_link),
    Registered("apply-welcome", kwargs=unused_link, name="key", before=begin),
    Registered("apply-welcome", kwargs={"token": "x"}, name="dead", status=410),
    Registered("apply-invitation", kwargs={"token": INVITED}),
    Registered("apply-invitation", kwargs={"token": INVITED}, who="newcomer", name="signed-in"),
    Registered("operator-requests", who="operator"),
    *(
        Registered("operator-requests-one", kwargs=number(slug), who="operator", name=slug)
        for slug in ("waiting", "declined", "approved")
    ),
    Registered("operator-mail", who="operator"),
    Registered("operator-mail-one", kwargs=newest_mail, who="operator"),
]
