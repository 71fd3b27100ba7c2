"""What the chart's schema lets through, and that the embedded cluster's values are among it."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from localcluster.install.values import chart_values
from localcluster.instance import Instance

CHART = Path(__file__).parents[3] / "charts/madang"
NAMES = ("platform", "spot-agent", "builder", "postgres", "redis", "registry", "traefik")
IMAGES = {name: f"docker.io/madang/{name}@sha256:{'0' * 64}" for name in NAMES}


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((CHART / "values.schema.json").read_text())
    return loaded


def defaults_with(**changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text())
    values["images"] |= {
        name: IMAGES[name] for name in ("platform", "builder", "postgres", "redis", "registry")
    }
    values["images"]["agent"] = IMAGES["spot-agent"]
    return merged(values, changes)


def merged(values: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """As helm lays values over a chart's defaults."""
    result = copy.deepcopy(values)
    for key, value in changes.items():
        if isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = merged(result[key], value)
        else:
            result[key] = value
    return result


def test_the_schema_is_a_schema(schema: dict[str, Any]) -> None:
    jsonschema.Draft7Validator.check_schema(schema)


def test_the_defaults_with_images_pass(schema: dict[str, Any]) -> None:
    jsonschema.validate(defaults_with(), schema)


def test_the_defaults_alone_name_the_images_that_are_missing(schema: dict[str, Any]) -> None:
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    complaints = {"/".join(map(str, e.path)) for e in jsonschema.Draft7Validator(schema).iter_errors(values)}
    assert complaints == {"images/platform", "images/builder"}


def test_every_default_is_described_above_it_or_its_parent() -> None:
    """No section of values.yaml stands without a comment in it."""
    text = (CHART / "values.yaml").read_text()
    bare = [part.splitlines()[0] for part in text.split("\n\n") if "#" not in part]
    assert bare == ["beat:"]  # nothing but resources


@pytest.mark.parametrize(
    "path", ["", "portal", "git/storage", "workers/default", "images", "network", "registry", "spot/headroom"]
)
def test_an_unknown_key_is_refused_at_every_depth(schema: dict[str, Any], path: str) -> None:
    change: dict[str, Any] = {"misspelt": 1}
    for part in reversed([p for p in path.split("/") if p]):
        change = {part: change}
    with pytest.raises(jsonschema.ValidationError, match="misspelt"):
        jsonschema.validate(defaults_with(**change), schema)


@pytest.mark.parametrize(
    "change",
    [
        {"domain": "http://example.org"},
        {"public": {"scheme": "ftp"}},
        {"portal": {"replicas": 0}},
        {"apps": {"capacity": "cheap"}},
        {"postgresql": {"url": "mysql://db/x"}},
        {"redis": {"url": "db:6379"}},
        {"network": {"nodes": ["10.0.0.1"]}},
        {"builds": {"egress": [{"cidr": "10.0.0.0/8", "ports": []}]}},
        {"registry": {"tokenRealm": "madang.example.org"}},
        {"spot": {"aws": {"queueUrl": "https://sqs.example.org/1/queue"}}},
        {"spot": {"agent": {"metadataUrl": "169.254.169.254"}}},
    ],
    ids=lambda change: "-".join(change),
)
def test_values_that_could_not_work_are_refused(schema: dict[str, Any], change: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(defaults_with(**change), schema)


def test_every_object_of_the_schema_is_closed(schema: dict[str, Any]) -> None:
    """Open are only maps whose keys are the operator's own, and helm's `global`."""
    keyed_by_the_operator = {"global", "nodeSelector", "annotations", "quota", "namespaceLabels"}
    assert {name for name, part in objects(schema) if part.get("additionalProperties") is not False} <= (
        keyed_by_the_operator
    )


def objects(part: Any, name: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(part, dict):
        if part.get("type") == "object":
            yield name, part
        for key, below in part.items():
            yield from objects(below, key)


def test_the_embedded_clusters_values_pass(schema: dict[str, Any], instance: Instance) -> None:
    jsonschema.validate(defaults_with(**chart_values(instance, IMAGES)), schema)


def test_public_addresses_carry_the_instances_port(instance: Instance) -> None:
    assert chart_values(instance, IMAGES)["public"] == {"scheme": "http", "port": 9000}


@pytest.fixture
def instance(monkeypatch: pytest.MonkeyPatch) -> Instance:
    monkeypatch.setenv("MADANG_PORT_OFFSET", "1000")
    return Instance.from_environment()
