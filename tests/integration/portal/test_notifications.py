"""Who is told of what, once, through which channel, and what becomes of it."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.db.models.functions import Now
from django.utils import timezone
from portal.accounts.models import AuditEntry, User
from portal.accounts.principal import Principal, operator, person
from portal.builds import log
from portal.clubs.models import BudgetRequest, Club, Membership
from portal.encryption import decrypt
from portal.fleet.models import InterruptedPod, Interruption
from portal.mail.models import OutgoingMail
from portal.notifications import outward, sending
from portal.notifications.actions import add_channel, remove_channel, send_test, set_events
from portal.notifications.collecting import collect
from portal.notifications.models import Channel, Delivery, DeliveryState, Event, EventKind
from portal.notifications.retention import forget
from portal.notifications.selectors import channels
from portal.problems import Problem
from portal.projects.models import Project
from portal.signups.models import SignupRequest
from portal.sweeping import sweep

from deployer.build import BuildOutcome
from tests.integration.portal.listener import Listener, listening
from tests.integration.portal.scene import BY, WHY, ScriptedCluster, push, run_out, some_project, work
from tests.integration.portal.test_claims import at_once

ALL = [kind.value for kind in EventKind if kind != EventKind.TEST]


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch, cluster: ScriptedCluster) -> Iterator[Listener]:
    """Where the name hooks.example leads."""
    given = settings.MADANG.model_copy(update={"notification_networks": "127.0.0.2/32"})
    monkeypatch.setattr(settings, "MADANG", given)
    real = outward.post

    def post(url: str, body: bytes, headers: dict[str, str], **given: object) -> outward.Response:
        there = {"resolve": lambda host, port: ["127.0.0.2"], "seconds": 240.0}
        return real(url, body, headers, **there, **given)  # type: ignore[arg-type]

    monkeypatch.setattr(outward, "post", post)
    with listening() as running:
        yield running


def webhook(owner: Club | User, listener: Listener, *events: str, by: Principal = BY) -> Channel:
    target = f"http://hooks.example:{listener.port}/hook"
    return add_channel(
        by=by, owner=owner, kind="webhook", name="ours", target=target, events=events or ALL, language="en"
    ).channel


def member(club: Club, name: str, role: str = "member") -> User:
    user = User.objects.create(username=name, email=f"{name}@school.example")
    Membership.objects.create(club=club, user=user, role=role)
    return user


def deliver_all() -> None:
    collect()
    for delivery in Delivery.objects.order_by("id"):
        sending.deliver(delivery.pk)


def told(listener: Listener) -> list[dict[str, object]]:
    return [json.loads(heard.body) for heard in listener.heard]


def test_a_deploy_that_is_live_and_one_that_failed_are_told_once_each(
    listener: Listener, cluster: ScriptedCluster
) -> None:
    project = some_project()
    webhook(project.club, listener)
    push(project)
    work()
    cluster.build_outcomes = [BuildOutcome("failed", explanation=WHY)]
    push(project)
    work()
    for _ in range(3):
        deliver_all()
    live, failed = told(listener)
    assert (live["event"], live["title"]) == ("live", f"{project} is live")
    assert (failed["event"], failed["title"]) == ("deploy-failed", f"The deploy of {project} failed")
    assert failed["text"] == "It broke.\na line of the log\nMend it."
    assert str(failed["url"]).endswith(f"/clubs/{project.club.slug}/site")
    assert set(Delivery.objects.values_list("state", "answer")) == {("sent", "200 ok")}


def test_what_is_superseded_or_cancelled_is_nobodys_surprise(
    listener: Listener, cluster: ScriptedCluster
) -> None:
    project = some_project()
    webhook(project.club, listener)
    push(project)
    push(project)
    work()
    deliver_all()
    assert [each["event"] for each in told(listener)] == ["live"]


def test_a_generic_webhook_can_know_that_it_was_madang(listener: Listener, cluster: ScriptedCluster) -> None:
    project = some_project()
    added = add_channel(
        by=BY,
        owner=project.club,
        kind="webhook",
        name="x",
        target=f"http://hooks.example:{listener.port}/",
        events=["live"],
        language="en",
    )
    push(project)
    work()
    deliver_all()
    (heard,) = listener.heard
    timestamp = heard.header("x-madang-timestamp")
    signed = f"{timestamp}.".encode() + heard.body
    expected = hmac.new((added.secret or "").encode(), signed, hashlib.sha256).hexdigest()
    assert heard.header("x-madang-signature") == f"v1={expected}"
    assert heard.header("x-madang-delivery") == str(Delivery.objects.get().pk)


def test_each_is_told_what_they_chose_and_of_their_own_clubs_alone(
    listener: Listener, cluster: ScriptedCluster
) -> None:
    project, foreign = some_project(), some_project()
    minji, stranger = member(project.club, "minji"), member(foreign.club, "stranger")
    chosen = webhook(project.club, listener, "deploy-failed")
    mine = webhook(minji, listener, "live", by=person("minji"))
    webhook(stranger, listener, "live", by=person("stranger"))
    push(project)
    work()
    collect()
    assert [delivery.channel_id for delivery in Delivery.objects.all()] == [mine.pk]
    Membership.objects.filter(user=minji).delete()
    push(project)
    work()
    collect()
    assert Delivery.objects.count() == 1
    assert not chosen.deliveries.exists()


def test_what_happened_before_somebody_wished_to_know_is_not_told(
    listener: Listener, cluster: ScriptedCluster
) -> None:
    project = some_project()
    push(project)
    work()
    webhook(project.club, listener)
    collect()
    assert Event.objects.count() == 1
    assert not Delivery.objects.exists()


def interruption(project: Project, *gaps: float, state: str = "gone") -> Interruption:
    row = Interruption.objects.create(
        id="int-1",
        revision=1,
        received_at=timezone.now(),
        state=state,
        node="spot-1",
        instance_id="i-1",
        kind="spot",
        sources=[],
        noticed_at=timezone.now(),
    )
    for number, gap in enumerate(gaps):
        InterruptedPod.objects.create(
            interruption=row,
            namespace=f"club-{project.club.slug}",
            name=f"site-{number}",
            uid=f"u{number}",
            club=project.club.slug,
            project=project.slug,
            way="handoff",
            state="retired",
            gap_seconds=gap,
        )
    return row


def test_a_gap_is_told_once_when_it_is_over_with_the_longest(
    listener: Listener, cluster: ScriptedCluster
) -> None:
    project = some_project()
    webhook(project.club, listener)
    User.objects.create(username="boss", is_superuser=True)
    webhook(User.objects.get(username="boss"), listener, "gap", by=operator("boss"))
    row = interruption(project, 0.0, 2.0, 7.4, state="moving")
    collect()
    assert not Event.objects.exists()
    Interruption.objects.filter(pk=row.pk).update(state="gone", received_at=timezone.now())
    deliver_all()
    Interruption.objects.filter(pk=row.pk).update(revision=2, received_at=timezone.now())
    deliver_all()
    assert [each["event"] for each in told(listener)] == ["gap", "gap"]
    assert "visitors found nothing for 7 seconds" in str(told(listener)[0]["text"])


def test_an_interruption_without_a_gap_is_no_news(listener: Listener, cluster: ScriptedCluster) -> None:
    project = some_project()
    webhook(project.club, listener)
    interruption(project, 0.0)
    assert collect() == 0


def test_a_budget_near_its_end_is_told_once_a_week(listener: Listener, cluster: ScriptedCluster) -> None:
    project = some_project()
    webhook(project.club, listener, "budget")
    push(project)
    work()
    collect()
    assert not Delivery.objects.exists()
    Club.objects.filter(pk=project.club.pk).update(memory_bytes=270 << 20)
    for _ in range(2):
        deliver_all()
    (one,) = told(listener)
    assert one["data"] == {"memory": 94}


def test_operators_alone_are_told_that_a_request_waits(listener: Listener, cluster: ScriptedCluster) -> None:
    project = some_project()
    webhook(project.club, listener)
    webhook(member(project.club, "minji"), listener, by=person("minji"))
    boss = User.objects.create(username="boss", is_superuser=True)
    webhook(boss, listener, "request", by=operator("boss"))
    BudgetRequest.objects.create(
        club=project.club, memory_bytes=1, cpu_millicores=1, pods=1, why="more", asked_by="person:minji"
    )
    SignupRequest.objects.create(
        slug="chess",
        club_name="Chess",
        folded_name="chess",
        email="c@school.example",
        person="C",
        members=3,
        purpose="",
        size="small",
        language="en",
        state="waiting",
        state_since=timezone.now(),
    )
    for _ in range(2):
        deliver_all()
    assert {each["title"] for each in told(listener)} == {
        "Chess wants to join",
        "Club asks for a larger budget",
    }
    assert len(listener.heard) == 2


def test_a_mail_goes_into_the_outbox_once_in_the_channels_language(
    listener: Listener, cluster: ScriptedCluster
) -> None:
    project = some_project()
    teacher = member(project.club, "club", "owner")
    EmailAddress.objects.create(user=teacher, email=teacher.email, verified=True, primary=True)
    add_channel(
        by=BY,
        owner=project.club,
        kind="email",
        name="all",
        target="club@school.example",
        events=["live"],
        language="en",
    )
    push(project)
    work()
    deliver_all()
    deliver_all()
    mail = OutgoingMail.objects.get(recipient="club@school.example")
    assert mail.subject == f"{project} is live"
    assert "/clubs/" in decrypt(mail.encrypted_body)
    (listed,) = channels(project.club)
    assert (listed.target, listed.recent[0].state) == ("club@school.example", "waiting")


@pytest.mark.parametrize(
    ("status", "state"), [(500, "waiting"), (429, "waiting"), (404, "failed"), (302, "failed")]
)
def test_what_the_other_side_says_decides_whether_it_is_tried_again(
    listener: Listener, cluster: ScriptedCluster, status: int, state: str
) -> None:
    project = some_project()
    channel = webhook(project.club, listener)
    listener.status, listener.text = status, b"no\x00pe"
    delivery = send_test(by=BY, owner=project.club, channel_id=channel.pk)
    sending.deliver(delivery.pk)
    sending.deliver(delivery.pk)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.answer, delivery.failures) == (state, f"{status} no pe", 1)
    assert len(listener.heard) == 1
    assert channels(project.club)[0].recent[0].answer == f"{status} no pe"
    listener.status = 200
    if state == "waiting":
        run_out(Delivery)
        sending.deliver(delivery.pk)
        delivery.refresh_from_db()
        assert delivery.state == DeliveryState.SENT


def test_a_name_that_leads_inside_ends_the_delivery_and_says_so(
    listener: Listener, cluster: ScriptedCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = some_project()
    channel = webhook(project.club, listener)
    monkeypatch.setattr(settings, "MADANG", settings.MADANG.model_copy(update={"notification_networks": ""}))
    delivery = send_test(by=BY, owner=project.club, channel_id=channel.pk)
    sending.deliver(delivery.pk)
    delivery.refresh_from_db()
    assert (delivery.state, listener.heard) == ("failed", [])
    assert "inside" in delivery.answer


def test_a_worker_that_died_is_followed_by_another_and_the_sweep_finds_what_was_lost(
    listener: Listener, cluster: ScriptedCluster
) -> None:
    project = some_project()
    channel = webhook(project.club, listener)
    delivery = send_test(by=BY, owner=project.club, channel_id=channel.pk)
    assert sending._claim(delivery.pk) is not None
    assert sending._claim(delivery.pk) is None
    assert not sending.sendable().exists()
    run_out(Delivery)
    assert sending.sendable().get() == delivery
    sweep()
    sending.deliver(delivery.pk)
    assert len(listener.heard) == 1


def test_of_many_workers_one_sends_and_of_many_rounds_one_tells(
    listener: Listener, cluster: ScriptedCluster
) -> None:
    project = some_project()
    webhook(project.club, listener)
    push(project)
    work()
    at_once(*[collect for _ in range(4)])
    delivery = Delivery.objects.get()
    at_once(*[lambda: sending.deliver(delivery.pk) for _ in range(4)])
    assert len(listener.heard) == 1


def test_a_mistake_in_telling_never_reaches_a_deploy(
    cluster: ScriptedCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = []
    monkeypatch.setattr(log, "nudge_events", lambda: sent.append(1))
    project = some_project()
    push(project)
    work()
    assert sent == [1]
    assert project.releases.get().state == "live"


def test_only_maintainers_touch_a_clubs_channels_and_nobody_anothers_own(
    listener: Listener, cluster: ScriptedCluster
) -> None:
    project = some_project()
    club, user = project.club, member(project.club, "minji")
    ours, mine = webhook(club, listener), webhook(user, listener, by=person("minji"))
    for by in (
        person("minji", club=club.slug, role="member"),
        person("other", club="another", role="owner"),
    ):
        with pytest.raises(Problem):
            send_test(by=by, owner=club, channel_id=ours.pk)
        with pytest.raises(Problem):
            remove_channel(by=by, owner=club, channel_id=ours.pk)
    for by in (person("other"), operator("boss")):
        with pytest.raises(Problem):
            set_events(by=by, owner=user, channel_id=mine.pk, events=["live"])
    with pytest.raises(Problem, match="gone already"):
        remove_channel(by=person("minji"), owner=user, channel_id=ours.pk)
    remove_channel(by=person("minji", club=club.slug, role="maintainer"), owner=club, channel_id=ours.pk)
    assert not Channel.objects.filter(pk=ours.pk).exists()
    assert AuditEntry.objects.filter(action="remove_channel", club=club.slug).count() == 1


def test_targets_and_secrets_are_encrypted_and_not_in_the_audit_log(
    listener: Listener, cluster: ScriptedCluster
) -> None:
    project = some_project()
    channel = webhook(project.club, listener)
    assert b"hooks.example" not in bytes(channel.encrypted_target)
    assert "hooks.example" not in str(list(AuditEntry.objects.filter(action="add_channel").values()))
    assert channels(project.club)[0].target == "hooks.example/…"


@pytest.mark.parametrize(
    "given",
    [
        {"kind": "pigeon"},
        {"name": " "},
        {"events": []},
        {"events": ["test"]},
        {"target": "http://127.0.0.1/"},
    ],
    ids=lambda given: next(iter(given)),
)
def test_bad_channels_are_refused(cluster: ScriptedCluster, given: dict[str, object]) -> None:
    club = some_project().club
    right = {"kind": "webhook", "name": "x", "target": "https://example.org/", "events": ["live"]}
    with pytest.raises(Problem) as refused:
        add_channel(by=BY, owner=club, language="en", **(right | given))  # type: ignore[arg-type]
    assert refused.value.status == 422


def test_there_are_bounds_on_channels_and_tests(listener: Listener, cluster: ScriptedCluster) -> None:
    club = some_project().club
    made = [webhook(club, listener) for _ in range(20)]
    with pytest.raises(Problem, match="20 channels"):
        webhook(club, listener)
    for _ in range(10):
        send_test(by=BY, owner=club, channel_id=made[0].pk)
    with pytest.raises(Problem, match="10 tests"):
        send_test(by=BY, owner=club, channel_id=made[0].pk)


def test_a_channel_made_anew_gives_a_club_no_more_tests(listener: Listener, cluster: ScriptedCluster) -> None:
    """Its tests go to any address: they must not become a way to fill somebody's mailbox."""
    club = some_project().club
    for _ in range(3):
        channel = webhook(club, listener)
        for _ in range(10):
            send_test(by=BY, owner=club, channel_id=channel.pk)
        remove_channel(by=BY, owner=club, channel_id=channel.pk)
    with pytest.raises(Problem, match="30 tests"):
        send_test(by=BY, owner=club, channel_id=webhook(club, listener).pk)
    other = some_project("other").club
    send_test(by=BY, owner=other, channel_id=webhook(other, listener).pk)


def test_old_events_go(listener: Listener, cluster: ScriptedCluster) -> None:
    club = some_project().club
    send_test(by=BY, owner=club, channel_id=webhook(club, listener).pk)
    assert forget() == 0
    Event.objects.update(at=Now() - timedelta(days=91))
    forget()
    assert not Delivery.objects.exists()
