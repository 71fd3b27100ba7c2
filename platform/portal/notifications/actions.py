"""What may be done to channels: by maintainers to their club's, by everybody to their own."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from deployer.errors import Explanation
from deployer.sentence import Sentence
from portal.accounts import audit
from portal.accounts.models import User
from portal.accounts.principal import Principal, operator, person
from portal.clubs.models import Club
from portal.encryption import encrypt
from portal.environment import environment
from portal.notifications import confirming
from portal.notifications.models import Channel, ChannelKind, Delivery, Event, EventKind
from portal.notifications.targets import checked
from portal.nudge import nudge_delivery
from portal.pacing import wait_seconds
from portal.problems import Action, Limited, conflict, forbidden, invalid, problem

MOST_CHANNELS = 20
_NAME_LENGTH = 100
_TESTS_AN_HOUR = 10
# Of all its channels, also of those that are removed again.
_TESTS_OF_A_CLUB = 30
_WITHIN = timedelta(hours=1)
# Of whom a channel is: a club, or a person.
Owner = Club | User


@dataclass(frozen=True)
class Added:
    """`secret` signs what a generic webhook gets: it is shown now and never again. An e-mail channel without
    `confirmed_at` waits for its address to agree."""

    channel: Channel
    secret: str | None


@transaction.atomic
def add_channel(
    *, by: Principal, owner: Owner, kind: str, name: str, target: str, events: Iterable[str], language: str
) -> Added:
    _require(by, owner)
    if kind not in ChannelKind.values:
        raise invalid(
            "bad-channel",
            Sentence("There is no kind {kind} of channel.", kind=repr(kind)),
            "Choose one of the list.",
        )
    name = " ".join(name.split())
    if not name or len(name) > _NAME_LENGTH:
        raise invalid(
            "bad-name",
            "A channel needs a name.",
            Sentence("Give one of at most {most} characters.", most=_NAME_LENGTH),
        )
    _lock(owner)
    if Channel.objects.filter(**_of(owner)).count() >= MOST_CHANNELS:
        raise conflict(
            "too-many-channels",
            Sentence("There are {count} channels already.", count=MOST_CHANNELS),
            "Remove one that nobody needs.",
        )
    target = checked(kind, target, environment().notification_network_list)
    agreed = kind != ChannelKind.EMAIL or confirming.is_known(owner, target)
    secret = secrets.token_urlsafe(32) if kind == ChannelKind.WEBHOOK else None
    channel = Channel.objects.create(
        **_of(owner),
        kind=kind,
        name=name,
        encrypted_target=encrypt(target),
        encrypted_secret=encrypt(secret) if secret else None,
        events=_events(events),
        language=language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE,
        confirmed_at=timezone.now() if agreed else None,
        created_by=by.name,
    )
    if not agreed:
        confirming.ask(channel)
    audit.record(by, "add_channel", club=_club(owner), channel=channel.pk, kind=kind, name=name)
    return Added(channel, secret)


@transaction.atomic
def set_events(*, by: Principal, owner: Owner, channel_id: int, events: Iterable[str]) -> Channel:
    channel = _get(by, owner, channel_id)
    channel.events = _events(events)
    channel.save(update_fields=["events"])
    audit.record(by, "set_channel_events", club=_club(owner), channel=channel.pk, events=channel.events)
    return channel


@transaction.atomic
def remove_channel(*, by: Principal, owner: Owner, channel_id: int) -> Channel:
    """With what waits for it."""
    channel = _get(by, owner, channel_id)
    audit.record(by, "remove_channel", club=_club(owner), channel=channel.pk, name=channel.name)
    channel.delete()
    return channel


@transaction.atomic
def ask_again(*, by: Principal, owner: Owner, channel_id: int) -> Channel:
    """Sends the confirmation once more; so many a day, as anybody's address may be given."""
    channel = _get(by, owner, channel_id)
    if channel.confirmed_at is not None:
        raise conflict("already-confirmed", "This address is confirmed.", "Nothing is to be done.")
    confirming.ask(channel)
    audit.record(by, "ask_channel_again", club=_club(owner), channel=channel.pk, name=channel.name)
    return channel


@transaction.atomic
def send_test(*, by: Principal, owner: Owner, channel_id: int) -> Delivery:
    """Through the same outbox as everything else; so many an hour, as anybody's address may be given."""
    _require(by, owner)
    _lock(owner)
    channel = _get(by, owner, channel_id)
    if channel.confirmed_at is None:
        raise conflict(
            "not-confirmed",
            "Nobody has confirmed this address yet.",
            "Open the link in the mail that went there, or have it sent again.",
        )
    _require_moderation(owner, channel)
    event = Event.objects.create(
        key=f"test:{uuid4().hex}",
        kind=EventKind.TEST,
        club=owner if isinstance(owner, Club) else None,
        at=Now(),
    )
    delivery = Delivery.objects.create(channel=channel, event=event)
    audit.record(by, "test_channel", club=_club(owner), channel=channel.pk)
    transaction.on_commit(lambda: nudge_delivery(delivery.pk))
    return delivery


def _lock(owner: Owner) -> None:
    """One after the other, so that a count is what it was when it was looked at."""
    rows = Club.objects if isinstance(owner, Club) else User.objects
    rows.select_for_update(no_key=True).get(pk=owner.pk)


def _get(by: Principal, owner: Owner, channel_id: int) -> Channel:
    _require(by, owner)
    channel = Channel.objects.select_for_update(no_key=True).filter(pk=channel_id, **_of(owner)).first()
    if channel is None:
        raise problem(404, "not-found", "This channel is gone already.", "Load the page again.")
    return channel


def _require_moderation(owner: Owner, channel: Channel) -> None:
    """Raises Limited."""
    mine = Delivery.objects.filter(channel=channel, event__kind=EventKind.TEST)
    waits = {_TESTS_AN_HOUR: wait_seconds(mine, "created_at", _TESTS_AN_HOUR, _WITHIN)}
    if isinstance(owner, Club):
        # A channel takes its deliveries along when it is removed; the event stays with the club.
        of_club = Event.objects.filter(club=owner, kind=EventKind.TEST)
        waits[_TESTS_OF_A_CLUB] = wait_seconds(of_club, "at", _TESTS_OF_A_CLUB, _WITHIN)
    wait, count = max((wait or 0.0, count) for count, wait in waits.items())
    if wait:
        told = Explanation(
            "too-many-tests",
            Sentence("There were {count} tests in the last hour.", count=count),
            "",
            "Wait a while.",
        )
        raise Limited(Action.TEST_CHANNEL, wait, told)


def _require(by: Principal, owner: Owner) -> None:
    """A person's own are nobody else's, not even an operator's."""
    if isinstance(owner, Club):
        by.require("manage", club=owner.slug)
    elif by.name not in (person(owner.username).name, operator(owner.username).name):
        raise forbidden("own")


def _of(owner: Owner) -> dict[str, Owner]:
    return {"club": owner} if isinstance(owner, Club) else {"user": owner}


def _club(owner: Owner) -> str:
    return owner.slug if isinstance(owner, Club) else ""


def _events(given: Iterable[str]) -> list[str]:
    chosen = set(given)
    offered = [kind.value for kind in EventKind if kind != EventKind.TEST]
    if not chosen or not chosen <= set(offered):
        raise invalid("bad-events", "A channel has to be told of something.", "Choose at least one event.")
    return [kind for kind in offered if kind in chosen]
