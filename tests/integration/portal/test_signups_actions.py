"""From the form to a club: who may, what is kept, who is written to."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.core.signing import TimestampSigner
from django.db.models import F
from django.utils import timezone
from portal.accounts.disabling import disable_person, enable_person
from portal.accounts.links import find_link
from portal.accounts.models import AuditEntry, OneTimeLink, User
from portal.accounts.people import create_person
from portal.accounts.principal import person
from portal.accounts.selectors import authenticate
from portal.accounts.welcoming import welcome
from portal.clubs.actions import create_club
from portal.clubs.models import Club, Membership
from portal.mail.models import OutgoingMail
from portal.problems import Limited, Problem
from portal.projects.actions import create_project
from portal.signed_links import LinkRefused
from portal.signups import actions, links, retention
from portal.signups.deciding import approve, decline, reopen, send_link_again
from portal.signups.grants import PRESETS
from portal.signups.models import SignupRequest
from portal.signups.names import Verdict, folded, name_is_taken, verdict
from portal.signups.selectors import waiting

from tests.integration.portal.scene import BY
from tests.integration.portal.signups_scene import (
    FROM,
    ROBOTS,
    applied,
    approved,
    confirmed,
    letter,
    link_in,
)
from tests.integration.portal.test_claims import at_once

pytestmark = pytest.mark.usefixtures("clean")


def refused(status: int, reason: str, call: object) -> None:
    with pytest.raises(Problem) as problem:
        call()  # type: ignore[operator]
    assert (problem.value.status, problem.value.explanation.reason) == (status, reason)


def test_an_application_waits_for_nobody_until_its_address_is_confirmed() -> None:
    request = applied()
    assert not waiting().exists()
    subject, text = letter()
    assert subject == "Confirm the application of Robotics club"
    token = link_in(text, "/apply/confirm/").rpartition("/")[2]
    assert links.CONFIRMATION.row_id(token) == request.pk
    actions.confirm(request_id=request.pk, address=FROM)
    assert list(waiting()) == [request]
    assert link_in(letter()[1], "/apply/").rpartition("/")[2] == links.STATE.token(request.pk)


def test_confirming_twice_changes_nothing_and_writes_nothing() -> None:
    request = confirmed()
    count = OutgoingMail.objects.count()
    decline(by=BY, request_id=request.pk, reason="Tell us more.")
    again = actions.confirm(request_id=request.pk, address=FROM)
    assert again.state == "declined"
    assert OutgoingMail.objects.count() == count + 1


def test_a_changed_or_late_link_confirms_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    token = link_in((applied(), letter())[1][1], "/apply/confirm/").rpartition("/")[2]
    with pytest.raises(LinkRefused) as changed:
        links.CONFIRMATION.row_id("9" + token)
    assert not changed.value.expired
    with monkeypatch.context() as two_days_ago:
        long_ago = time.time() - 49 * 3600
        two_days_ago.setattr("django.core.signing.time.time", lambda: long_ago)
        late_token = TimestampSigner(salt="madang.signups.confirm").sign("1")
    with pytest.raises(LinkRefused) as late:
        links.CONFIRMATION.row_id(late_token)
    assert late.value.expired
    with pytest.raises(LinkRefused):
        links.CONFIRMATION.row_id(links.STATE.token(SignupRequest.objects.get().pk))


@pytest.mark.parametrize(
    ("slug", "expected"),
    [
        ("chess", Verdict.FREE),
        ("robots", Verdict.TAKEN),
        ("there", Verdict.TAKEN),
        ("library", Verdict.RESERVED),
        ("Chess", Verdict.MALFORMED),
        ("-chess", Verdict.MALFORMED),
        ("", Verdict.MALFORMED),
        ("c" * 31, Verdict.MALFORMED),
        ("<script>", Verdict.MALFORMED),
    ],
)
def test_a_short_name_is_free_taken_reserved_or_malformed(slug: str, expected: Verdict) -> None:
    create_club(by=BY, slug="there", name="There")
    confirmed()
    assert verdict(slug) is expected


def test_an_unconfirmed_application_keeps_nobody_from_its_names() -> None:
    applied()
    assert verdict("robots") is Verdict.FREE
    assert not name_is_taken("Robotics club")


@pytest.mark.parametrize("name", ["robotics CLUB", "Ｒobotics  club", "Robotics-Club!"])
def test_the_same_name_in_other_letters_is_taken(name: str) -> None:
    confirmed()
    refused(409, "club-name-taken", lambda: applied(slug="other", club_name=name, email="x@school.example"))


def test_names_of_other_scripts_are_told_apart() -> None:
    assert folded("로봇 동아리") == folded("로봇동아리")
    assert folded("로봇 동아리") != folded("체스 동아리")
    assert folded("!!!") == "!!!"


def test_who_has_applied_cannot_be_found_out_by_applying_for_them() -> None:
    confirmed()
    request = applied(slug="chess", club_name="Chess club")
    assert request.state == "unconfirmed"
    subject, text = letter()
    assert subject == "The application of Robotics club waits already"
    assert link_in(text, "/apply/")
    assert actions.confirm(request_id=request.pk, address=FROM).slug == "robots"
    assert [each.slug for each in waiting()] == ["robots"]


def test_an_address_gets_no_more_mail_than_its_share_and_nobody_is_told() -> None:
    for number in range(3):
        applied(slug=f"robots{number}", club_name=f"Robots {number}")
    assert actions.apply(application=ROBOTS, language="en", address=FROM) is None
    assert OutgoingMail.objects.count() == 3


def test_a_network_that_sends_too_many_applications_is_told_to_wait() -> None:
    for number in range(20):
        applied(slug=f"c{number}", club_name=f"C {number}", email=f"c{number}@school.example")
    refused(429, "too-many-applications", lambda: applied(email="d@school.example"))
    SignupRequest.objects.update(created_at=F("created_at") - timedelta(hours=2))
    applied(email="d@school.example")


def test_the_last_application_that_a_network_may_send_is_taken_once() -> None:
    for number in range(19):
        applied(slug=f"c{number}", club_name=f"C {number}", email=f"c{number}@school.example")
    results = at_once(*[lambda n=n: applied(slug=f"d{n}", email=f"d{n}@school.example") for n in range(4)])
    assert len([result for result in results if isinstance(result, Limited)]) == 3
    assert SignupRequest.objects.count() == 20


def test_applications_at_once_get_an_address_no_more_mail_than_one_after_the_other() -> None:
    def send(number: int) -> SignupRequest | None:
        return actions.apply(application=ROBOTS, language="en", address=f"192.0.2.{number}")

    results = at_once(*[lambda n=n: send(n) for n in range(6)])
    assert len([result for result in results if isinstance(result, SignupRequest)]) == 3
    assert results.count(None) == 3
    assert OutgoingMail.objects.filter(recipient=ROBOTS.email).count() == 3


def test_who_confirms_too_late_for_a_name_is_told_and_may_choose_another() -> None:
    request = applied()
    create_club(by=BY, slug="robots", name="Other robots")
    request = actions.confirm(request_id=request.pk, address=FROM)
    assert request.state == "declined"
    assert "another club has got this name" in request.reason
    assert "another club has got this name" in letter()[1]
    again = actions.amend(request_id=request.pk, application=replace(ROBOTS, slug="bots"), address=FROM)
    assert (again.state, again.slug) == ("waiting", "bots")


def test_approval_makes_the_club_its_budget_its_owner_and_a_link() -> None:
    request = approved()
    club = Club.objects.get(slug="robots")
    assert (club.name, club.memory_bytes, club.pods) == ("Robotics club", 2 << 30, 10)
    assert (club.max_projects, club.builds) == (5, 1)
    member = Membership.objects.get(club=club)
    assert (member.role, member.user.email, member.user.first_name) == ("owner", ROBOTS.email, "Mina Kim")
    assert (request.state, request.club) == ("approved", club)
    subject, text = letter()
    assert subject == "Robotics club is welcome on Madang"
    found = find_link(link_in(text, "/welcome/").rpartition("/")[2])
    assert found is not None
    assert (found.user, found.club) == (member.user, club)


def test_an_approval_that_fails_at_its_last_step_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    request = confirmed()
    mails = OutgoingMail.objects.count()

    def fails(*_: object) -> None:
        raise RuntimeError("no letter")

    monkeypatch.setattr("portal.signups.letters.approved", fails)
    with pytest.raises(RuntimeError):
        approve(by=BY, request_id=request.pk, grant=PRESETS["small"])
    request.refresh_from_db()
    assert request.state == "waiting"
    assert not Club.objects.exists()
    assert not User.objects.exists()
    assert not OneTimeLink.objects.exists()
    assert OutgoingMail.objects.count() == mails


def test_of_two_operators_who_decide_at_once_one_does() -> None:
    request = confirmed()
    results = at_once(
        lambda: approve(by=BY, request_id=request.pk, grant=PRESETS["small"]),
        lambda: decline(by=BY, request_id=request.pk, reason="No."),
    )
    lost = [result for result in results if isinstance(result, Problem)]
    assert len(lost) == 1
    assert lost[0].explanation.reason == "already-decided"


def test_a_decline_says_why_and_can_be_amended_or_taken_back() -> None:
    request = confirmed()
    refused(422, "bad-reason", lambda: decline(by=BY, request_id=request.pk, reason=" "))
    decline(by=BY, request_id=request.pk, reason="Who is your teacher?")
    assert "Who is your teacher?" in letter()[1]
    reopen(by=BY, request_id=request.pk)
    assert [(each.state, each.reason) for each in waiting()] == [("waiting", "")]
    decline(by=BY, request_id=request.pk, reason="Who is your teacher?")
    better = replace(ROBOTS, purpose="With Ms Lee: what our robots see.")
    actions.amend(request_id=request.pk, application=better, address=FROM)
    assert waiting().get().purpose == better.purpose
    refused(
        409, "not-declined", lambda: actions.amend(request_id=request.pk, application=better, address=FROM)
    )


def test_an_amendment_never_changes_whom_the_club_belongs_to() -> None:
    request = confirmed()
    decline(by=BY, request_id=request.pk, reason="No.")
    actions.amend(request_id=request.pk, application=replace(ROBOTS, email="eve@evil.example"), address=FROM)
    assert waiting().get().email == ROBOTS.email


def test_what_was_never_confirmed_can_not_be_approved_and_what_is_approved_not_declined() -> None:
    request = applied()
    refused(409, "already-decided", lambda: approve(by=BY, request_id=request.pk, grant=PRESETS["small"]))
    refused(409, "already-decided", lambda: reopen(by=BY, request_id=request.pk))
    actions.confirm(request_id=request.pk, address=FROM)
    approve(by=BY, request_id=request.pk, grant=PRESETS["small"])
    refused(409, "already-decided", lambda: decline(by=BY, request_id=request.pk, reason="No."))
    refused(409, "already-decided", lambda: reopen(by=BY, request_id=request.pk))


def test_only_operators_decide() -> None:
    request = confirmed()
    somebody = person("kim")
    for call in (
        lambda: approve(by=somebody, request_id=request.pk, grant=PRESETS["small"]),
        lambda: decline(by=somebody, request_id=request.pk, reason="No."),
        lambda: reopen(by=somebody, request_id=request.pk),
        lambda: send_link_again(by=somebody, request_id=request.pk),
    ):
        refused(403, "scope-missing", call)


def test_the_one_time_link_gives_a_password_a_key_and_a_project_once() -> None:
    approved()
    token = link_in(letter()[1], "/welcome/").rpartition("/")[2]
    assert token not in str(list(OneTimeLink.objects.values()))
    result = welcome(token=token, address=FROM, password="correct horse battery", project="robots")
    assert result.user.check_password("correct horse battery")
    assert result.project is not None
    assert result.project.subdomain == "robots"
    principal = authenticate(result.key)
    assert principal is not None
    assert principal.may("deploy", club="robots", project="robots")
    assert result.key not in repr(result)
    refused(410, "link-dead", lambda: welcome(token=token, address=FROM, password="another one here"))


def test_of_many_who_open_the_link_at_once_one_gets_in() -> None:
    approved()
    token = link_in(letter()[1], "/welcome/").rpartition("/")[2]
    results = at_once(*[lambda: welcome(token=token, address=FROM, password="x" * 12) for _ in range(6)])
    assert len([result for result in results if isinstance(result, Problem)]) == 5


def test_a_link_that_could_not_be_used_is_not_used_up() -> None:
    approved()
    token = link_in(letter()[1], "/welcome/").rpartition("/")[2]
    refused(422, "bad-name", lambda: welcome(token=token, address=FROM, password="x" * 12, project="No!"))
    assert welcome(token=token, address=FROM, password="x" * 12, project="yes").key


def test_a_link_dies_with_time_and_with_the_next_one() -> None:
    request = approved()
    first = link_in(letter()[1], "/welcome/").rpartition("/")[2]
    send_link_again(by=BY, request_id=request.pk)
    second = link_in(letter()[1], "/welcome/").rpartition("/")[2]
    refused(410, "link-dead", lambda: welcome(token=first, address=FROM, password="x" * 12))
    OneTimeLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    refused(410, "link-dead", lambda: welcome(token=second, address=FROM, password="x" * 12))


def test_a_disabled_account_gets_nothing_by_its_link_until_it_is_enabled() -> None:
    approved()
    token = link_in(letter()[1], "/welcome/").rpartition("/")[2]
    owner = User.objects.get(email=ROBOTS.email)
    disable_person(by=BY, user_id=owner.pk)
    assert find_link(token) is None
    refused(410, "link-dead", lambda: welcome(token=token, address=FROM, password="x" * 12))
    enable_person(by=BY, user_id=owner.pk)
    assert welcome(token=token, address=FROM, password="x" * 12).key


def test_an_account_in_use_is_not_entered_by_a_link_alone() -> None:
    known = create_person(by=BY, email=ROBOTS.email, name="Mina")
    known.set_password("my old password")
    known.save()
    approved()
    assert User.objects.count() == 1
    token = link_in(letter()[1], "/welcome/").rpartition("/")[2]
    refused(403, "sign-in-first", lambda: welcome(token=token, address=FROM, password="x" * 12))
    result = welcome(token=token, address=FROM, password="x" * 12, signed_in=known)
    assert result.key
    known.refresh_from_db()
    assert known.check_password("my old password")


def test_two_people_of_one_local_part_get_two_user_names() -> None:
    first = create_person(by=BY, email="mina@one.example", name="Mina")
    second = create_person(by=BY, email="mina@two.example", name="Mina")
    assert (first.username, second.username) == ("mina", "mina2")


def test_a_club_has_no_more_projects_than_it_may() -> None:
    club = approved().club
    assert club is not None
    for number in range(5):
        create_project(by=BY, club=club, slug=f"p{number}")
    refused(409, "too-many-projects", lambda: create_project(by=BY, club=club, slug="p5"))


def test_the_last_place_for_a_project_is_given_once() -> None:
    club = approved().club
    assert club is not None
    Club.objects.update(max_projects=2)
    results = at_once(*[lambda n=n: create_project(by=BY, club=club, slug=f"p{n}") for n in range(5)])
    assert len([result for result in results if isinstance(result, Problem)]) == 3
    assert club.projects.count() == 2


def test_an_operator_changes_how_much_a_club_may_have(capsys: pytest.CaptureFixture[str]) -> None:
    approved()
    call_command("budget", "robots", "--projects", "7", "--pods", "9")
    assert "projects: at most 7; builds at once: 1" in capsys.readouterr().out
    club = Club.objects.get()
    assert (club.max_projects, club.builds, club.pods) == (7, 1, 9)
    with pytest.raises(CommandError, match="at least one project"):
        call_command("budget", "robots", "--builds", "-1")
    with pytest.raises(CommandError, match="at least one project"):
        call_command("budget", "robots", "--projects", "0")


def test_every_step_is_in_the_audit_log_without_its_secrets() -> None:
    request = confirmed()
    decline(by=BY, request_id=request.pk, reason="No.")
    reopen(by=BY, request_id=request.pk)
    approve(by=BY, request_id=request.pk, grant=PRESETS["small"])
    token = link_in(letter()[1], "/welcome/").rpartition("/")[2]
    result = welcome(token=token, address=FROM, password="correct horse battery")
    entries = list(AuditEntry.objects.order_by("id").values_list("action", "actor", "address"))
    applicant, owner = f"applicant:{request.pk}", "person:mina"
    assert entries[:2] == [("apply", applicant, FROM), ("confirm_signup", applicant, FROM)]
    assert [action for action, _, _ in entries[2:]] == [
        "decline_signup",
        "reopen_signup",
        "create_club",
        "set_budget",
        "set_limits",
        "create_person",
        "add_member",
        "approve_signup",
        "make_one_time_link",
        "use_one_time_link",
        "create_key",
    ]
    assert entries[-2:] == [("use_one_time_link", owner, FROM), ("create_key", owner, FROM)]
    everything = str(list(AuditEntry.objects.values()))
    assert token not in everything
    assert result.key not in everything
    assert ROBOTS.email not in everything


def test_what_came_to_nothing_is_forgotten_in_time() -> None:
    applied()
    request = confirmed(slug="chess", club_name="Chess", email="chess@school.example")
    decline(by=BY, request_id=request.pk, reason="No.")
    assert retention.forget() == 0
    SignupRequest.objects.update(state_since=F("state_since") - timedelta(days=8))
    assert retention.forget() == 1
    SignupRequest.objects.update(state_since=F("state_since") - timedelta(days=180))
    assert retention.forget() == 1
