from __future__ import annotations

from django.db.models.functions import Now
from django.utils import timezone
from playwright.sync_api import Page
from portal.accounts.models import User
from portal.accounts.principal import person
from portal.clubs.models import Club
from portal.notifications import links
from portal.notifications.actions import add_channel
from portal.notifications.models import Channel, Delivery, Event

from tests.integration.page.club_scene import owner_of
from tests.integration.page.registered import Registered
from tests.integration.page.seed import LONG_ENGLISH, Scene

_ALL = ["deploy-failed", "live", "gap", "budget"]


def seed(scene: Scene) -> None:
    """Robotics has channels that work, one that is tried again and one that was given up."""
    club = scene.clubs["robotics"]
    discord = _channel(club, "discord", "우리 디스코드", "https://discord.com/api/webhooks/1/abc")
    hook = _channel(club, "webhook", LONG_ENGLISH[:90], "https://hooks.school.example/madang/notifications")
    mail = _channel(club, "email", "담당 선생님", "teacher@school.example")
    Channel.objects.filter(pk=mail.pk).update(confirmed_at=Now())
    _channel(club, "email", "학부모회", "parents@school.example")
    _delivered(discord, "live", state="sent", answer="204")
    _delivered(discord, "deploy-failed", state="sent", answer="204")
    _delivered(hook, "gap", state="waiting", answer="503 upstream connect error or disconnect", failures=2)
    _delivered(hook, "live", state="failed", answer="404 Not Found")
    _delivered(mail, "budget", state="sent")
    _channel(scene.people["owner"], "slack", "Slack", "https://hooks.slack.com/services/T0/B0/x")


def add_webhook(page: Page) -> None:
    page.locator("#id_kind").select_option("webhook")
    page.locator("#id_name").fill("로봇팔 알림봇")
    page.locator("#id_target").fill("https://hooks.school.example/arm")
    page.locator("#id_target").press("Enter")
    page.wait_for_selector("#secret")


def address_inside(page: Page) -> None:
    page.locator("#id_kind").select_option("webhook")
    page.locator("#id_name").fill("안쪽")
    page.locator("#id_target").fill("http://169.254.169.254/latest/meta-data")
    page.locator("#id_target").press("Enter")
    page.wait_for_selector("[role=alert]")


def _channel(owner: Club | User, kind: str, name: str, target: str) -> Channel:
    by = owner_of(owner) if isinstance(owner, Club) else person(owner.username)
    return add_channel(
        by=by, owner=owner, kind=kind, name=name, target=target, events=_ALL, language="ko"
    ).channel


def _delivered(channel: Channel, kind: str, **given: object) -> None:
    event = Event.objects.create(
        key=f"{channel.pk}:{kind}", kind=kind, club=channel.club, project="shop", at=timezone.now()
    )
    delivery = Delivery.objects.create(channel=channel, event=event)
    Delivery.objects.filter(pk=delivery.pk).update(
        **given, retry_at=Now() if given["state"] == "waiting" else None
    )


def _unconfirmed() -> Channel:
    return Channel.objects.get(club__slug="robotics", confirmed_at=None)


def _confirming(scene: Scene) -> dict[str, object]:
    return {"token": _token(links.CONFIRMATION.address(_unconfirmed().confirmations.get().pk))}


def _stopping(scene: Scene) -> dict[str, object]:
    return {"token": _token(links.STOP.address(_unconfirmed().pk))}


def _token(link: str) -> str:
    return link.rpartition("/")[2]


_ROBOTICS = {"club": "robotics"}
_EMPTY = {"club": "empty"}

PAGES = [
    Registered("club-notifications", _EMPTY, who="owner", name="none"),
    Registered("club-notifications", _ROBOTICS, who="maintainer"),
    Registered("club-notifications", _EMPTY, who="owner", name="secret", before=add_webhook),
    Registered("club-notifications", _EMPTY, who="owner", name="refused", before=address_inside),
    Registered("account-notifications", who="owner"),
    Registered("account-notifications", who="operator", name="none"),
    Registered("notification-confirm", _confirming),
    Registered("notification-confirm", {"token": "1:x:y"}, name="dead", status=410),
    Registered("notification-stop", _stopping),
]
