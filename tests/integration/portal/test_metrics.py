"""What projects use: measured at once, kept in coarser steps as it grows old, shown in a table."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from portal.metrics import rolling, sampling
from portal.metrics.models import Counted, Sample
from portal.metrics.selectors import samples
from portal.metrics.steps import COARSE, FINE, MIDDLE, SPANS
from portal.projects.models import Project

from deployer.errors import TemporaryError
from deployer.rollout.apps import Use
from deployer.rollout.traffic import Count
from tests.integration.portal.scene import ScriptedCluster, some_project, trouble
from tests.integration.portal.visitors import visit

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass
class Apps:
    """What the cluster says of all apps."""

    use: dict[tuple[str, str], Use] = field(default_factory=dict)
    counts: dict[str, dict[tuple[str, str], Count]] | Exception = field(default_factory=dict)

    def usage(self) -> dict[tuple[str, str], Use]:
        return self.use

    def traffic(self, namespace: str) -> Any:
        if isinstance(self.counts, Exception):
            raise self.counts
        return self.counts


@pytest.fixture
def apps(cluster: ScriptedCluster, monkeypatch: pytest.MonkeyPatch) -> Apps:
    found = Apps()
    monkeypatch.setattr("portal.cluster.apps", lambda: found)
    return found


@pytest.fixture
def project(apps: Apps) -> Project:
    project = some_project()
    apps.use = {owner(project): Use(2, 150.0, 100 << 20), ("gone", "away"): Use(1, 1.0, 1)}
    return project


def owner(project: Project) -> tuple[str, str]:
    return project.club.slug, project.slug


def later(monkeypatch: pytest.MonkeyPatch, seconds: int) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOON + timedelta(seconds=seconds))


def test_every_project_that_runs_gets_one_sample_a_step(
    project: Project, apps: Apps, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seconds in (0, 10, 31):
        later(monkeypatch, seconds)
        sampling.sample()
    rows = list(Sample.objects.all())
    assert [(row.project_id, row.at, row.copies, row.cpu_millicores) for row in rows] == [
        (project.pk, NOON, 2, 150),
        (project.pk, NOON + timedelta(seconds=30), 2, 150),
    ]
    assert rows[0].requests is None


def test_requests_are_what_each_pod_of_the_controller_counted_since(
    project: Project, apps: Apps, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = owner(project)
    steps: list[dict[str, dict[tuple[str, str], Count]]] = [
        {"a": {mine: Count(100, 5)}},
        {"a": {mine: Count(130, 6)}, "b": {mine: Count(7, 0)}},
        {"a": {mine: Count(131, 6)}, "b": {mine: Count(9, 2)}},
        # b began anew.
        {"a": {mine: Count(131, 6)}, "b": {mine: Count(4, 1)}},
    ]
    for number, counts in enumerate(steps):
        later(monkeypatch, 30 * number)
        apps.counts = counts
        sampling.sample()
    assert list(Sample.objects.values_list("requests", "errors")) == [(0, 0), (30, 1), (3, 2), (4, 1)]


def test_a_controller_that_does_not_answer_costs_no_other_measurement(project: Project, apps: Apps) -> None:
    apps.counts = trouble(TemporaryError)
    assert sampling.sample() == 1
    assert Sample.objects.get().requests is None


def some_hours(project: Project, hours: int) -> None:
    Sample.objects.bulk_create(
        Sample(
            project=project,
            step_seconds=FINE,
            at=NOON + timedelta(seconds=FINE * number),
            copies=1,
            cpu_millicores=number % 10,
            memory_bytes=1000,
            memory_peak_bytes=1000 + number % 10,
            requests=2,
            errors=1,
        )
        for number in range(hours * 120)
    )


def test_old_samples_become_coarser_and_nothing_is_counted_twice(project: Project) -> None:
    some_hours(project, 3)
    now = NOON + timedelta(hours=2, minutes=7)
    for _ in range(3):
        rolling.roll_up(now)
    middle = Sample.objects.filter(step_seconds=MIDDLE)
    assert middle.count() == 25
    first = middle.order_by("at")[0]
    assert (first.at, first.cpu_millicores, first.memory_peak_bytes) == (NOON, 4.5, 1009)
    assert (first.requests, first.errors) == (20, 10)
    coarse = Sample.objects.filter(step_seconds=COARSE)
    assert [(row.at, row.requests) for row in coarse] == [
        (NOON, 240),
        (NOON + timedelta(hours=1), 240),
    ]
    rolling.roll_up(now + timedelta(hours=1))
    assert sum(row.requests or 0 for row in coarse.all()) == 720


def test_what_is_too_old_for_its_step_is_forgotten(project: Project) -> None:
    some_hours(project, 2)
    Counted.objects.create(project=project, source="gone", requests=1, errors=0, at=NOON)
    rolling.roll_up(NOON + timedelta(hours=7))
    assert Sample.objects.filter(step_seconds=FINE).count() == 120
    rolling.roll_up(NOON + timedelta(days=9))
    assert not Sample.objects.filter(step_seconds__in=[FINE, MIDDLE]).exists()
    assert Sample.objects.filter(step_seconds=COARSE).count() == 2
    assert not Counted.objects.exists()
    rolling.roll_up(NOON + timedelta(days=101))
    assert not Sample.objects.exists()


def test_a_span_shows_its_own_steps(project: Project) -> None:
    some_hours(project, 1)
    assert len(samples(project, SPANS["hour"], NOON + timedelta(hours=1))) == 120
    assert samples(project, SPANS["day"], NOON + timedelta(hours=1)) == []


def test_the_page_has_the_values_as_a_table_and_says_where_there_are_none(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = visit(project.club)
    where = f"/clubs/{project.club.slug}/{project.slug}/metrics"
    assert "Nothing measured in this time" in client.get(where).content.decode()
    some_hours(project, 1)
    later(monkeypatch, 3600)
    page = client.get(where).content.decode()
    assert page.count("<tr>") == 1 + 24
    assert '<td class="tabular-nums">10</td>' in page
    assert 'id="requests-points"' in page
    assert "Nothing measured" in client.get(f"{where}?span=quarter").content.decode()
    assert client.get(f"{where}?span=nonsense").status_code == 200
