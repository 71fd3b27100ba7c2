"""The operator's pages: what waits, what it came to, and what can be done about it."""

from __future__ import annotations

import asyncio
import json
import re
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.db.models.functions import Now
from django.test import Client
from django.utils import timezone
from portal.accounts import audit
from portal.accounts.models import AuditEntry, User
from portal.accounts.principal import operator, person
from portal.builds.models import Build
from portal.clubs.actions import create_club
from portal.clubs.asking import ask_for_budget
from portal.clubs.budget import Share
from portal.clubs.models import BudgetRequest, Club
from portal.drills.models import Drill, DrillProject
from portal.fleet import live
from portal.fleet.actions import record
from portal.fleet.models import InstancePrice
from portal.fleet.report import InterruptionReport
from portal.mail.models import MailState, OutgoingMail
from portal.metrics.models import Sample
from portal.metrics.steps import FINE, floor
from portal.probing.models import Probe, Transition
from portal.projects.actions import create_project
from portal.releases.models import Release

from deployer.errors import Explanation
from tests.integration.portal.club_pages import BACKEND, attributes, browser, text
from tests.integration.portal.operator_scene import ScriptedFleet, fleet, operator_browser
from tests.integration.portal.scene import BY, ScriptedCluster, push, some_project, work
from tests.unit.deployer.test_fleet_read import raw_node
from tests.unit.portal.fleet.reports import pod, report

pytestmark = pytest.mark.usefixtures("clean")
GIB = 1 << 30
PAGES = (
    "",
    "/fleet",
    "/interruptions",
    "/drills",
    "/drills/new",
    "/queue",
    "/clubs",
    "/people",
    "/audit",
    "/audit/export",
    "/settings",
)


@pytest.fixture(autouse=True)
def scripted(monkeypatch: pytest.MonkeyPatch) -> ScriptedFleet:
    script = ScriptedFleet(fleet([], []))
    monkeypatch.setattr(live, "look", script.look)
    monkeypatch.setattr(live, "version", script.version)
    return script


@pytest.fixture
def root() -> Client:
    return operator_browser()


@pytest.fixture
def club() -> Club:
    return create_club(by=BY, slug="robots", name="Robots")


def tell(**changes: Any) -> None:
    record(InterruptionReport.model_validate_json(json.dumps(report(**changes))))


@pytest.mark.parametrize("page", PAGES)
def test_they_are_an_operators_alone(page: str, root: Client, club: Club) -> None:
    assert root.get(f"/operator{page}").status_code == 200
    assert browser("owner", club, "owner").get(f"/operator{page}").status_code == 404
    assert Client().get(f"/operator{page}").status_code == 302


def test_an_inbox_without_anything_is_calm(root: Client) -> None:
    assert "Nothing waits for you" in text(root.get("/operator"))


def test_a_wish_for_a_larger_budget_is_answered_in_the_inbox(root: Client, club: Club) -> None:
    owner = person("mina", club="robots", role="owner")
    ask_for_budget(by=owner, club=club, budget=Share(8 * GIB, 6000, 30), why="A <b>game</b> server.")
    page = root.get("/operator")
    assert "Has 4 GiB, 4 cores, 20 copies Wishes 8 GiB, 6 cores, 30 copies" in text(page)
    assert "<b>game</b>" not in page.content.decode()
    wish = BudgetRequest.objects.get()
    refused = root.post(f"/operator/budget-requests/{wish.pk}/decline", {"answer": " "})
    assert refused.status_code == 422
    assert "Wishes" in text(refused)
    answer = root.post(f"/operator/budget-requests/{wish.pk}/approve", {"answer": "Enjoy."}, follow=True)
    assert "Robots has its larger budget" in text(answer)
    club.refresh_from_db()
    assert club.memory_bytes == 8 * GIB
    again = root.post(f"/operator/budget-requests/{wish.pk}/decline", {"answer": "No."})
    assert again.status_code == 409


def test_what_begins_to_wait_comes_into_an_open_inbox(root: Client, club: Club) -> None:
    def asked_for(answer: Any) -> str:
        (address,) = [each for each in attributes(answer, "hx-get") if "seen=" in each]
        return address

    def again(address: str) -> Any:
        return root.get(address, headers={"HX-Request": "true"})

    before = asked_for(root.get("/operator"))
    assert again(before).status_code == 204
    owner = person("mina", club="robots", role="owner")
    ask_for_budget(by=owner, club=club, budget=Share(8 * GIB, 6000, 30), why="A game server.")
    part = again(before)
    assert part.status_code == 200
    assert "<html" not in part.content.decode()
    assert "Wishes 8 GiB, 6 cores, 30 copies" in text(part)
    assert again(asked_for(part)).status_code == 204


def test_every_kind_of_trouble_is_an_alert_with_its_next_step(
    root: Client, cluster: ScriptedCluster, scripted: ScriptedFleet
) -> None:
    stuck = pod("a", blocked_since="2026-11-25T03:00:01.000Z", blocked_reason="no node has room")
    tell(state="moving", pods=[stuck, pod("b", way="leave", blocked_since="2026-11-25T03:00:01.000Z")])
    quiet = raw_node("spot-2")
    quiet["spec"]["taints"] = [{"key": "madang.dev/unheard", "effect": "NoSchedule"}]
    scripted.become(fleet([raw_node("spot-1", ready="Unknown"), quiet], []))
    push(some_project())
    work()
    Release.objects.update(went_live_at=Now() - timedelta(minutes=9))
    build = push(some_project())
    Build.objects.filter(pk=build.pk).update(created_at=Now() - timedelta(hours=1), failures=2)
    running = push(some_project())
    Build.objects.filter(pk=running.pk).update(
        state="running", lease_owner="w", lease_until=Now() - timedelta(minutes=5), started_at=Now()
    )
    OutgoingMail.objects.create(
        recipient="a@b.example",
        subject="Hello",
        state=MailState.FAILED,
        failures=9,
        trouble="550 no such user",
    )
    page = root.get("/operator")
    assert set(attributes(page, "data-reason")) == {
        "handoff-blocked",
        "node-not-ready",
        "agent-quiet",
        "lease-expired",
        "prober-stands",
        "build-stuck",
        "mail-undelivered",
    }
    said = text(page)
    assert "chess/blog has to leave spot-1 and has nowhere to go." in said
    assert "no node has room" in said
    assert f"Build {build.pk} of {build.project} waits for long." in said
    assert "550 no such user" in said
    scripted.trouble = Explanation("kubernetes-forbidden", "No.", "HTTP 403", "Check the role.")
    assert "cannot see the cluster's nodes" in text(root.get("/operator"))


def test_interruptions_are_listed_summed_up_and_told_step_by_step(root: Client) -> None:
    moved = pod(
        "a",
        state="retired",
        detached_at="2026-11-25T03:00:01.000Z",
        ready_at="2026-11-25T03:00:07.000Z",
        replacement="blog-new",
        replacement_node="spot-2",
        retired_at="2026-11-25T03:00:12.000Z",
        gap_seconds=1.5,
        gap_reason="replacement-late",
    )
    tell(state="gone", clear_at="2026-11-25T03:00:30.000Z", gone_at="2026-11-25T03:02:00.000Z", pods=[moved])
    tell(id="int-other", node="spot-9", state="cancelled", noticed_at="2026-11-24T03:00:00.000Z")
    said = text(root.get("/operator/interruptions"))
    assert "Half were clear within 30.0 s" in said
    assert "Served meanwhile 95.000 %" in said
    assert "1 with a gap (1.5 s in all)" in said
    filtered = text(root.get("/operator/interruptions?node=spot-9"))
    assert "int-0123456789ab" not in filtered
    assert "No interruption is like that" in text(root.get("/operator/interruptions?state=fenced"))
    assert root.get("/operator/interruptions?state=nonsense").status_code == 422
    one = text(root.get("/operator/interruptions/int-0123456789ab"))
    assert "+1.0 s chess/blog is detached: a replacement starts, it serves on" in one
    assert "+7.0 s chess/blog: its replacement is ready on spot-2" in one
    assert "1.5 s its replacement was not ready in time" in one
    assert root.get("/operator/interruptions/none").status_code == 404


def test_an_interruption_tells_what_visitors_met(root: Client, cluster: ScriptedCluster) -> None:
    blog, shop = some_project("blog"), some_project("shop")
    noticed = timezone.now() - timedelta(hours=1)

    def later(seconds: float) -> datetime:
        return noticed + timedelta(seconds=seconds)

    for project in (blog, shop):
        Transition.objects.create(project=project, at=later(-999), ok=True)
        Probe.objects.create(project=project, next_at=later(9999), asked_at=later(3000), ok=True)
    for seconds, ok in ((40, False), (50, False), (70, True), (600, False)):
        Transition.objects.create(project=blog, at=later(seconds), ok=ok)
    # Before it, within it, and long after it.
    for seconds, requests, errors in ((-300, 1000, 100), (30, 40, 3), (60, 60, 4), (900, 1000, 100)):
        Sample.objects.create(
            project=blog,
            step_seconds=FINE,
            at=floor(later(seconds), FINE),
            copies=1,
            cpu_millicores=1,
            memory_bytes=1,
            memory_peak_bytes=1,
            requests=requests,
            errors=errors,
        )
    tell(
        state="gone",
        noticed_at=noticed.isoformat(),
        gone_at=later(122).isoformat(),
        pods=[
            pod("a", club=blog.club.slug, project="blog", state="retired"),
            pod("b", club=shop.club.slug, project="shop", state="retired"),
            pod("c", club="gone", project="gone", state="retired"),
            pod("d", club=blog.club.slug, project="built", way="build"),
        ],
    )
    page = root.get("/operator/interruptions/int-0123456789ab")
    met = text(page).split("What visitors met")[-1].split("Counted by")[0]
    assert re.search(rf"{blog} 100 counted in 2 of \d steps 7 30 s ", met)
    assert f"{shop} not counted none seen" in met
    assert "gone/gone not counted not known" in met
    assert "built" not in met


def test_a_long_list_of_interruptions_goes_on(root: Client) -> None:
    for number in range(60):
        tell(id=f"int-{number:02}", node=f"spot-{number}", noticed_at=f"2026-11-25T03:00:{number:02}.000Z")
    first = root.get("/operator/interruptions")
    (older,) = [href for href in attributes(first, "href") if "before=" in href]
    second = root.get(f"/operator/interruptions{older}")
    assert "spot-59" in text(first)
    assert "spot-9 " not in text(first)
    assert "spot-9 " in text(second)


def test_a_drills_page_tells_each_project_and_compares(root: Client) -> None:
    drill = Drill.objects.create(
        node="spot-1",
        instance_id="i-1",
        provider="local",
        created_by="operator:root",
        state="finished",
        requests=2000,
        failed_requests=4,
        longest_gap_seconds=0.35,
        score=99.8,
    )
    DrillProject.objects.create(
        drill=drill,
        club="chess",
        project="blog",
        hostname="blog",
        sole=True,
        answered_before=True,
        requests=2000,
        failures=4,
        longest_gap_seconds=0.35,
        seconds=[[second, 20, 4 if second == 40 else 0] for second in range(300)],
        reasons={"http-503": 4},
    )
    Drill.objects.create(
        node="spot-2", instance_id="i-2", provider="local", created_by="x", state="finished", score=100.0
    )
    page = root.get(f"/operator/drills/{drill.pk}")
    said = text(page)
    assert "99.800 %" in said
    assert "2000 requests, 4 failed, longest gap 0.35 s" in said
    assert "its only copy" in said
    assert "spot-2" in said
    assert page.content.decode().count("fill-error") == 100
    fragment = root.get(f"/operator/drills/{drill.pk}", headers={"HX-Request": "true"})
    assert "<html" not in fragment.content.decode()
    assert "100.000 %" in text(root.get("/operator/drills"))
    refused = root.post(f"/operator/drills/{drill.pk}/cancel", follow=True)
    assert "ordered already" in text(refused)


def test_the_queue_is_steered(root: Client, cluster: ScriptedCluster) -> None:
    one, two = push(some_project("one")), push(some_project("two"))
    said = text(root.get("/operator/queue"))
    assert said.index(str(one.project)) < said.index(str(two.project))
    assert f"Build {two.pk} is next" in text(root.post(f"/operator/queue/{two.pk}/jump", follow=True))
    said = text(root.get("/operator/queue", headers={"HX-Request": "true"}))
    assert said.index(str(two.project)) < said.index(str(one.project))
    refused = root.post("/operator/queue/pause", {"why": " "})
    assert refused.status_code == 422
    assert "Power cut" in text(root.post("/operator/queue/pause", {"why": "Power cut"}, follow=True))
    root.post("/operator/queue/resume")
    said = text(root.post(f"/operator/queue/{one.pk}/cancel", follow=True))
    assert f"Build {one.pk} of {one.project} is cancelled. It can be built again" in said
    again = root.post(f"/operator/queue/{one.pk}/cancel")
    assert again.status_code == 409
    assert root.post("/operator/queue/99999/cancel").status_code == 404
    Build.objects.filter(pk=two.pk).update(
        state="running", lease_owner="w", lease_until=Now() + timedelta(minutes=5), started_at=Now()
    )
    assert "is asked to end" in text(root.post(f"/operator/queue/{two.pk}/cancel", follow=True))


def test_cancelling_from_the_queue_asks_first_and_says_what_is_lost(
    root: Client, cluster: ScriptedCluster
) -> None:
    running, waiting = push(some_project("one")), push(some_project("two"))
    Build.objects.filter(pk=running.pk).update(
        state="running", lease_owner="w", lease_until=Now() + timedelta(minutes=5), started_at=Now()
    )
    page = root.get("/operator/queue", headers={"HX-Request": "true"})
    said = text(page)
    for build, lost in ((running, "What it has done so far is lost"), (waiting, "It loses its place")):
        assert f"Cancel build {build.pk} of {build.project} {lost}" in said
        asked = re.sub(r"<(dialog|noscript)\b.*?</\1>", "", page.content.decode(), flags=re.S)
        assert f'commandfor="cancel-{build.pk}"' in asked
        assert f"/operator/queue/{build.pk}/cancel" not in asked
    root.post(f"/operator/queue/{running.pk}/cancel")
    said = text(root.get("/operator/queue", headers={"HX-Request": "true"}))
    assert "asked to end" in said
    assert f"Cancel build {running.pk}" not in said


def test_a_budget_is_changed_and_changed_back(root: Client, club: Club) -> None:
    given = {"memory_gib": "2.5", "cores": "1.5", "pods": "7", "projects": "3", "builds": "1"}
    page = root.post("/operator/clubs/robots/budget", given, follow=True)
    club.refresh_from_db()
    assert (club.memory_bytes, club.cpu_millicores, club.pods) == (int(2.5 * GIB), 1500, 7)
    assert (club.max_projects, club.builds) == (3, 1)
    assert "The budget of Robots was changed" in text(page)
    undo = {
        "undo": "1",
        "memory_gib": "4.00",
        "cores": "4.000",
        "pods": "20",
        "projects": "20",
        "builds": "2",
    }
    back = root.post("/operator/clubs/robots/budget", undo, follow=True)
    club.refresh_from_db()
    assert (club.memory_bytes, club.pods, club.max_projects) == (4 * GIB, 20, 20)
    assert "has its former budget again" in text(back)
    assert "was changed" not in text(back)
    refused = root.post("/operator/clubs/robots/budget", {**given, "memory_gib": "none"})
    assert refused.status_code == 422
    assert 'value="1.5"' in refused.content.decode()
    assert root.get("/operator/clubs/nobody/budget").status_code == 404


def test_clubs_show_what_they_take(root: Client, cluster: ScriptedCluster, club: Club) -> None:
    push(create_project(by=BY, club=club, slug="site"))
    work()
    said = text(root.get("/operator/clubs"))
    assert "256 MiB of 4 GiB" in said
    assert "1 of 20 projects" in said
    assert "No club is called so" in text(root.get("/operator/clubs?q=chess"))


def test_a_person_is_signed_out_disabled_and_enabled(root: Client, club: Club) -> None:
    theirs = browser("mina", club, "owner")
    assert theirs.get("/clubs/robots").status_code == 200
    mina = User.objects.get(username="mina")
    listed = UserSession.objects.filter(user=mina, session_key=theirs.session.session_key)
    assert listed.update(ip="192.0.2.9", user_agent="Firefox/140 Linux") == 1
    page = text(root.get(f"/operator/people/{mina.pk}"))
    assert "Robots" in page
    assert "Firefox on Linux 192.0.2.9" in page
    assert "Signed out of" in text(root.post(f"/operator/people/{mina.pk}/end-sessions", follow=True))
    assert theirs.get("/clubs/robots").status_code == 302
    theirs.force_login(mina, backend=BACKEND)
    root.post(f"/operator/people/{mina.pk}/disable")
    assert theirs.get("/clubs/robots").status_code == 302
    assert "disabled" in text(root.get("/operator/people?q=mina"))
    root.post(f"/operator/people/{mina.pk}/enable")
    mina.refresh_from_db()
    assert mina.is_active
    me = User.objects.get(username="root")
    assert "your own account" in text(root.post(f"/operator/people/{me.pk}/disable", follow=True))
    assert root.get("/operator/people/99999").status_code == 404


def test_the_history_is_searched_paged_and_taken_away_without_formulas(root: Client, club: Club) -> None:
    for number in range(60):
        audit.record(person("mina", club="robots", role="owner"), "push", club="robots", project=f"p{number}")
    audit.record(operator("root").at("192.0.2.7"), "create_key", club="robots", name='=HYPERLINK("http://x")')
    first = root.get("/operator/audit?actor=mina")
    assert text(first).count("pushed to") == 50
    (older,) = [href for href in attributes(first, "href") if "before=" in href]
    assert text(root.get(older)).count("pushed to") == 10
    assert "192.0.2.7" in text(root.get("/operator/audit?actor=root&action=create_key"))
    assert "No entry fits" in text(root.get("/operator/audit?club=nobody"))
    assert root.get("/operator/audit?since=never").status_code == 422
    answer = root.get("/operator/audit/export?action=create_key")
    body = asyncio.run(_read(answer)).decode()
    assert body.count("\r\n") == 2
    assert ",=" not in body


async def _read(answer: Any) -> bytes:
    return b"".join([part async for part in answer.streaming_content])


def test_settings_are_shown_without_any_secret(root: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.conf import settings

    url = "postgresql://madang:hush@db.example/madang?password=hush"
    monkeypatch.setattr(settings, "MADANG", settings.MADANG.model_copy(update={"database_url": url}))
    page = root.get("/operator/settings").content.decode()
    assert "hush" not in page
    assert "for tests alone" not in page
    assert "postgresql://db.example/madang?…" in page
    assert "MADANG_SECRET_KEY" in page
    assert "PostgreSQL" in page


def test_the_price_table_is_filled_in(root: Client) -> None:
    assert "Write down what an hour costs" in text(root.get("/operator/interruptions"))
    given = {"instance_type": "m7g.large", "spot": "0.03", "on_demand": "0.1", "currency": "usd"}
    assert "The price of m7g.large is set" in text(root.post("/operator/settings/prices", given, follow=True))
    assert InstancePrice.objects.get().on_demand == Decimal("0.1")
    wrong = root.post("/operator/settings/prices", {**given, "spot": "-1"})
    assert wrong.status_code == 422
    bad = root.post("/operator/settings/prices", {**given, "instance_type": "a b"})
    assert bad.status_code == 422
    assert "no instance type" in text(bad)
    root.post("/operator/settings/prices/remove", {"instance_type": "m7g.large"})
    assert not InstancePrice.objects.exists()
    assert AuditEntry.objects.filter(action="remove_price", at__lte=timezone.now()).exists()
