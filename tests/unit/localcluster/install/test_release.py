"""helm runs again exactly when the chart or a value has changed, or its last run did not end well."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from localcluster.install.release import FINGERPRINT, fingerprint, images_of, is_deployed


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    (tmp_path / "templates").mkdir()
    (tmp_path / "Chart.yaml").write_text("name: madang\n")
    (tmp_path / "templates/portal.yaml").write_text("kind: Deployment\n")
    return tmp_path


def test_the_same_chart_and_values_have_the_same_fingerprint(chart: Path) -> None:
    assert fingerprint(chart, {"a": 1, "b": 2}) == fingerprint(chart, {"b": 2, "a": 1})


def test_a_changed_value_changes_it(chart: Path) -> None:
    assert fingerprint(chart, {"a": 1}) != fingerprint(chart, {"a": 2})


def test_a_changed_template_changes_it(chart: Path) -> None:
    before = fingerprint(chart, {})
    (chart / "templates/portal.yaml").write_text("kind: StatefulSet\n")
    assert fingerprint(chart, {}) != before


def test_a_template_under_another_name_changes_it(chart: Path) -> None:
    before = fingerprint(chart, {})
    (chart / "templates/portal.yaml").rename(chart / "templates/other.yaml")
    assert fingerprint(chart, {}) != before


def test_it_fits_a_label(chart: Path) -> None:
    assert len(fingerprint(chart, {})) <= 63


def revision(version: int, status: str, print_: str = "f") -> dict[str, str]:
    return {"version": str(version), "status": status, FINGERPRINT: print_}


def test_a_deployed_revision_of_the_same_fingerprint_is_enough() -> None:
    assert is_deployed([revision(9, "superseded"), revision(10, "deployed")], "f")


@pytest.mark.parametrize(
    "revisions",
    [
        [],
        [revision(1, "deployed", "other")],
        [revision(1, "superseded"), revision(2, "deployed", "other")],
        [revision(9, "deployed"), revision(10, "pending-upgrade")],
        [revision(1, "deployed"), revision(2, "failed", "other")],
        [{"version": "1", "status": "deployed"}],
    ],
    ids=["none", "other", "older", "killed after it", "failed after it", "by hand"],
)
def test_helm_runs_when_the_newest_revision_is(revisions: list[dict[str, str]]) -> None:
    assert not is_deployed(revisions, "f")


@pytest.mark.parametrize(
    ("config", "found"),
    [
        (
            {
                "images": {"platform": "docker.io/madang/platform@sha256:a", "pullSecrets": ["x"]},
                "domain": "x",
            },
            {"docker.io/madang/platform@sha256:a"},
        ),
        ({"domain": "x"}, set()),
        (None, set()),
    ],
)
def test_a_revision_of_helms_names_its_images(config: dict[str, Any] | None, found: set[str]) -> None:
    release = gzip.compress(json.dumps({"name": "madang", "config": config}).encode())
    secret = {"data": {"release": base64.b64encode(base64.b64encode(release)).decode()}}
    assert images_of(secret) == found
