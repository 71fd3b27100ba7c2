"""What Grafana and Prometheus are told to ask for is what the spot handler really says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import CollectorRegistry

from spot.agent.metrics import AgentMetrics
from spot.controller.program import Metrics
from spot.sources.reconcile import Reconcile

DASHBOARDS = Path(__file__).parents[3] / "charts/madang/dashboards"
NAME = re.compile(r"\bmadang_spot_\w+")
SELECTED = re.compile(r"(madang_spot_\w+)\{([^}]*)\}")
GROUPED = re.compile(r"by \(([^)]*)\) \((?:\w+\()?(madang_spot_\w+)")


def labels_by_sample() -> dict[str, set[str]]:
    """Every sample's name that a program of the handler may give, with its labels."""
    controller, agent = Metrics(), AgentMetrics()
    Reconcile(object(), controller.registry)  # type: ignore[arg-type]
    return {
        sample: labels
        for registry in (controller.registry, agent.registry)
        for sample, labels in _samples(registry)
    }


def _samples(registry: CollectorRegistry) -> Iterator[tuple[str, set[str]]]:
    for collector in set(registry._names_to_collectors.values()):
        own = set(getattr(collector, "_labelnames", ()))
        for sample in registry._get_names(collector):
            yield sample, own | ({"le"} if sample.endswith("_bucket") else set())


def dashboard() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((DASHBOARDS / "spot.json").read_text())
    return loaded


def rules() -> list[dict[str, Any]]:
    loaded = yaml.safe_load((DASHBOARDS / "spot-alerts.yaml").read_text())
    return [rule for group in loaded["groups"] for rule in group["rules"]]


def queries() -> list[str]:
    board = dashboard()
    panels = [target["expr"] for panel in board["panels"] for target in panel.get("targets", [])]
    marks = [each["expr"] for each in board["annotations"]["list"]]
    return [*panels, *marks, *(rule["expr"] for rule in rules())]


@pytest.mark.parametrize("query", queries())
def test_every_metric_that_is_asked_for_is_one_that_the_handler_has(query: str) -> None:
    assert NAME.findall(query)
    assert set(NAME.findall(query)) <= labels_by_sample().keys()


@pytest.mark.parametrize("query", queries())
def test_every_label_that_is_asked_for_is_one_of_its_metric(query: str) -> None:
    known = labels_by_sample()
    asked = [(name, re.findall(r"(\w+)\s*(?:=|!=|=~|!~)", inner)) for name, inner in SELECTED.findall(query)]
    asked += [(name, re.findall(r"\w+", inner)) for inner, name in GROUPED.findall(query)]
    for name, labels in asked:
        assert set(labels) <= known[name], name


def test_every_number_of_the_controller_stands_on_the_dashboard() -> None:
    board = json.dumps(dashboard())
    families = {family.name for family in Metrics().registry.collect()}
    quiet = {"madang_spot_queue_last_receive_timestamp_seconds"}  # there is an alert for it
    assert {name for name in families - quiet if name not in board} == set()


def test_panels_do_not_lie_on_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in dashboard()["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, panel["title"]
        assert at["x"] + at["w"] <= 24
        taken |= cells


def test_ids_are_each_panels_own_and_the_data_source_is_the_readers_choice() -> None:
    panels = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert {panel["datasource"]["uid"] for panel in panels if "datasource" in panel} == {"${datasource}"}


def test_every_alert_says_what_to_do() -> None:
    for rule in rules():
        assert rule["annotations"]["summary"] and rule["annotations"]["description"]
        assert rule["labels"]["severity"] in ("critical", "warning")
