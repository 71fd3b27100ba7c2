"""What is said of a project is what a visitor of its address gets."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.test.utils import CaptureQueriesContext
from portal import cluster as the_cluster
from portal.probing import asking, rounds
from portal.probing.models import Probe, Transition
from portal.probing.selectors import standstill
from portal.projects.actions import set_config
from portal.projects.facts import standing_of
from portal.projects.following import version_of
from portal.projects.models import Project
from portal.projects.selectors import address
from portal.releases.models import Release

from deployer.errors import Explanation, TemporaryError
from deployer.rollout.sight import Sight
from tests.integration.portal.club_pages import text
from tests.integration.portal.entrance import Entrance, running_entrance
from tests.integration.portal.scene import BY, ScriptedCluster, key_for, push, some_project, work
from tests.integration.portal.test_claims import at_once
from tests.integration.portal.visitors import visit
from tests.unit.portal.test_diagnosis import EIGHT


@pytest.fixture
def entrance(monkeypatch: pytest.MonkeyPatch, cluster: ScriptedCluster) -> Iterator[Entrance]:
    monkeypatch.setattr(rounds, "_AGAIN_SECONDS", 0.01)
    monkeypatch.setattr(asking, "TIMEOUT_SECONDS", 240.0)
    with running_entrance() as running:
        given = settings.MADANG.model_copy(update={"ingress_probe_url": running.url})
        monkeypatch.setattr(settings, "MADANG", given)
        yield running


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> dict[str, Sight]:
    """What the cluster shows of each project by its club."""
    seen: dict[str, Sight] = {}

    def sight(club: str, project: str) -> Sight:
        if club not in seen:
            raise TemporaryError(Explanation("kubernetes-unreachable", "No answer.", "", ""))
        return seen[club]

    monkeypatch.setattr(the_cluster, "sight", sight)
    return seen


def host(project: Project) -> str:
    return urlsplit(address(project)).hostname or ""


def live_project() -> Project:
    project = some_project()
    push(project)
    work()
    return project


def half_a_minute_later() -> None:
    Probe.objects.update(next_at=Now() - timedelta(seconds=1))


def probe() -> rounds.Round:
    rounds._enroll()
    half_a_minute_later()
    return rounds.probe()


def test_a_project_whose_address_answers_is_live(entrance: Entrance, looks: dict[str, Sight]) -> None:
    project = live_project()
    entrance.serve(host(project), 200)
    assert probe() == rounds.Round(1, 0)
    assert standing_of(project).state == "live"
    row = Probe.objects.get(project=project)
    assert (row.ok, row.status, row.reason) == (True, 200, "")
    assert [each.ok for each in Transition.objects.all()] == [True]


@pytest.mark.parametrize("reason", EIGHT)
def test_in_each_of_eight_ways_the_page_says_what_a_visitor_gets(
    entrance: Entrance, looks: dict[str, Sight], monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    project = live_project()
    entrance.serve(host(project), 200)
    probe()
    answer, seen = EIGHT[reason]
    names = frozenset({host(project)}) if seen.hostnames else frozenset()
    looks[project.club.slug] = Sight(**{**vars(seen), "hostnames": names})
    if answer.status is None:
        entrance.answers[host(project)] = ""
    elif answer.status == 404:
        del entrance.answers[host(project)]
    else:
        entrance.serve(host(project), answer.status)
    half_a_minute_later()
    with monkeypatch.context() as impatient:
        if answer.status is None:
            impatient.setattr(asking, "TIMEOUT_SECONDS", 1.0)
        assert rounds.probe() == rounds.Round(1, 1)
    said = standing_of(project)
    assert (said.state, said.reason) == ("down", reason)
    assert said.sentence
    assert said.next
    assert Probe.objects.get(project=project).since == said.since
    entrance.serve(host(project), 200)
    half_a_minute_later()
    rounds.probe()
    assert standing_of(project).state == "live"
    assert [(each.ok, each.reason) for each in Transition.objects.order_by("id")] == [
        (True, ""),
        (False, reason),
        (True, ""),
    ]


def test_the_api_never_says_live_while_the_address_fails(entrance: Entrance, looks: dict[str, Sight]) -> None:
    project = live_project()
    entrance.serve(host(project), 500)
    probe()
    url = f"/api/v1/clubs/{project.club.slug}/projects/{project.slug}"
    headers = {"authorization": f"Bearer {key_for(project, 'read')}"}
    assert Client().get(url, headers=headers).json()["state"] == "down"
    entrance.serve(host(project), 200)
    half_a_minute_later()
    rounds.probe()
    assert Client().get(url, headers=headers).json()["state"] == "live"


def test_a_failure_that_is_gone_when_asked_again_is_none(
    entrance: Entrance, looks: dict[str, Sight], monkeypatch: pytest.MonkeyPatch
) -> None:
    project = live_project()
    entrance.serve(host(project), 503)
    real = rounds.asyncio.sleep

    async def mended(seconds: float) -> None:
        entrance.serve(host(project), 200)
        await real(0)

    monkeypatch.setattr(rounds.asyncio, "sleep", mended)
    assert probe() == rounds.Round(1, 0)
    assert entrance.asked[host(project)] == 2


def test_a_failure_older_than_the_release_says_nothing_of_it(
    entrance: Entrance, looks: dict[str, Sight]
) -> None:
    project = live_project()
    entrance.serve(host(project), 503)
    probe()
    assert standing_of(project).state == "down"
    push(project)
    work()
    assert standing_of(project).state == "live"


def test_a_prober_that_stands_still_makes_no_old_answer_a_claim(
    entrance: Entrance, looks: dict[str, Sight]
) -> None:
    project, other = live_project(), live_project()
    entrance.serve(host(project), 200)
    entrance.serve(host(other), 503)
    probe()
    assert (standing_of(project).state, standing_of(other).state) == ("live", "down")
    assert standstill() is None
    before = version_of(project.pk)

    Release.objects.update(went_live_at=Now() - timedelta(hours=1))
    Probe.objects.update(asked_at=Now() - timedelta(minutes=4))
    asked_at = Probe.objects.get(project=project).asked_at
    for each, then in ((project, "answered when"), (other, "did not answer")):
        said = standing_of(each)
        assert (said.state, said.reason) == ("unchecked", "prober-stands")
        assert then in said.evidence
    assert standing_of(project).since == asked_at == standstill()
    assert version_of(project.pk) != before, "an open page learns of it"
    assert "No project's address is checked" in text(
        Client().get("/status", headers={"accept-language": "en"})
    )
    url = f"/api/v1/clubs/{project.club.slug}/projects/{project.slug}"
    headers = {"authorization": f"Bearer {key_for(project, 'read')}"}
    assert Client().get(url, headers=headers).json()["state"] == "unchecked"
    page = visit(project.club).get(f"/clubs/{project.club.slug}/{project.slug}").content.decode()
    assert 'data-state="unchecked"' in page
    assert "whether its address answers now is not known" in page

    half_a_minute_later()
    rounds.probe()
    assert (standing_of(project).state, standing_of(other).state) == ("live", "down")


def test_one_address_that_is_left_out_is_told_apart_from_a_prober_that_stands(
    entrance: Entrance, looks: dict[str, Sight]
) -> None:
    project, other = live_project(), live_project()
    entrance.serve(host(project), 200)
    entrance.serve(host(other), 200)
    probe()
    Release.objects.update(went_live_at=Now() - timedelta(hours=1))
    Probe.objects.filter(project=project).update(asked_at=None)
    assert standing_of(project).reason == "check-late"
    assert standing_of(other).state == "live"
    assert standstill() is None


def test_evidence_quotes_no_secret(entrance: Entrance, looks: dict[str, Sight]) -> None:
    project = live_project()
    set_config(by=BY, project=project, set={"TOKEN": "swordfish-swordfish"})
    work()
    _, seen = EIGHT["crash-loop"]
    log = ("connecting with swordfish-swordfish",)
    looks[project.club.slug] = Sight(**{**vars(seen), "hostnames": frozenset({host(project)}), "log": log})
    entrance.serve(host(project), 503)
    probe()
    assert "swordfish" not in str(Probe.objects.get(project=project).detail)
    assert "connecting with [hidden]" in standing_of(project).evidence


def test_without_an_entrance_every_project_is_told_that_it_is_not_their_code(
    entrance: Entrance, looks: dict[str, Sight], monkeypatch: pytest.MonkeyPatch
) -> None:
    project = live_project()
    gone = settings.MADANG.model_copy(update={"ingress_probe_url": "http://127.0.0.1:1"})
    monkeypatch.setattr(settings, "MADANG", gone)
    probe()
    said = standing_of(project)
    assert (said.state, said.reason) == ("down", "entrance-down")
    assert said.sentence.startswith("Not your code")


def test_two_rounds_at_once_ask_each_address_once(entrance: Entrance, looks: dict[str, Sight]) -> None:
    projects = [live_project() for _ in range(6)]
    for project in projects:
        entrance.serve(host(project), 200)
    rounds.probe()
    half_a_minute_later()
    entrance.asked.clear()
    results = at_once(*[rounds.probe for _ in range(4)])
    assert sum(result.asked for result in results if isinstance(result, rounds.Round)) == 6
    assert set(entrance.asked.values()) == {1}


def test_a_round_takes_as_many_queries_for_ten_projects_as_for_one(
    entrance: Entrance, looks: dict[str, Sight]
) -> None:
    counts = []
    for size in (1, 9):
        for _ in range(size):
            project = live_project()
            entrance.serve(host(project), 200)
        rounds.probe()
        half_a_minute_later()
        with CaptureQueriesContext(connection) as asked:
            rounds.probe()
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_deleted_projects_and_those_without_a_live_release_are_left_alone(
    entrance: Entrance, looks: dict[str, Sight]
) -> None:
    gone = live_project()
    rounds.probe()
    push(some_project())
    Project.objects.filter(pk=gone.pk).update(deleted_at=Now())
    half_a_minute_later()
    assert rounds.probe() == rounds.Round(0, 0)
    assert Probe.objects.count() == 1
