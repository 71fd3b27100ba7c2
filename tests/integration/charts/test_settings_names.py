"""One set of settings: what the chart gives, what compose gives, and what the portal reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from portal.environment import Environment

from tests.integration.charts.conftest import Helm
from tests.integration.charts.test_templates import one

COMPOSE = Path(__file__).parents[3] / "docker-compose.yml"


def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())
    return loaded


def names_in_chart(helm: Helm, workload: tuple[str, str]) -> set[str]:
    objects = helm.objects({})
    (container,) = one(objects, *workload)["spec"]["template"]["spec"]["containers"]
    plain = set(one(objects, "ConfigMap", "madang-config")["data"])
    return plain | {variable["name"] for variable in container["env"]}


def read_by_portal() -> set[str]:
    fields = Environment.model_fields.items()
    return {str(field.validation_alias or f"MADANG_{name.upper()}") for name, field in fields}


def test_every_program_of_the_platform_gets_the_same_settings(helm: Helm) -> None:
    workloads = [("Deployment", "portal"), ("StatefulSet", "git"), ("Deployment", "beat")]
    workloads += [("Deployment", "worker-default"), ("Deployment", "worker-builds")]
    first, *others = [names_in_chart(helm, workload) for workload in workloads]
    assert all(other == first for other in others)


def test_the_chart_sets_nothing_that_the_portal_does_not_read(helm: Helm) -> None:
    given = {name for name in names_in_chart(helm, ("Deployment", "portal")) if name.startswith("MADANG_")}
    assert given <= read_by_portal()


def test_compose_gives_the_charts_settings_and_the_kubeconfig(helm: Helm) -> None:
    chart = names_in_chart(helm, ("Deployment", "portal"))
    for name in ("portal", "git", "worker-default", "worker-builds", "beat", "schema"):
        assert set(compose()["services"][name]["environment"]) == chart | {"KUBECONFIG"}


def test_compose_runs_the_charts_programs(helm: Helm) -> None:
    objects = helm.objects({})
    workloads = {"portal": "Deployment", "git": "StatefulSet", "beat": "Deployment"}
    workloads |= {"worker-default": "Deployment", "worker-builds": "Deployment"}
    for name, kind in workloads.items():
        (container,) = one(objects, kind, name)["spec"]["template"]["spec"]["containers"]
        command = compose()["services"][name]["command"]
        # What the chart adds is about proxies, numbers of threads, and pods that come and go.
        assert set(command) <= set(container["args"]), name
