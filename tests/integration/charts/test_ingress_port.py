"""The port on which X-Forwarded-For is believed belongs to the ingress controller alone."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.charts.conftest import Helm
from tests.integration.charts.test_templates import SETS, one

PROGRAMS = {"portal": ("Deployment", 8000, 8001), "git": ("StatefulSet", 8080, 8081)}
# For addresses where no project is.
ABSENCE = {"portal": {"absence": 8002}, "git": {}}
every_set = pytest.mark.parametrize("values", SETS.values(), ids=SETS.keys())
every_program = pytest.mark.parametrize("name", PROGRAMS)


@every_set
@every_program
def test_visitors_come_by_the_controllers_port_and_everybody_else_by_the_other(
    helm: Helm, values: dict[str, Any], name: str
) -> None:
    kind, inside, ingress = PROGRAMS[name]
    objects = helm.objects(values)
    (container,) = one(objects, kind, name)["spec"]["template"]["spec"]["containers"]
    wanted = {"http": inside, "ingress": ingress, **ABSENCE[name]}
    arguments = {f"--{'' if each == 'http' else f'{each}-'}port={port}" for each, port in wanted.items()}
    assert {word for word in container["args"] if "port=" in word} == arguments
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert ports == wanted
    service = {port["name"]: port for port in one(objects, "Service", name)["spec"]["ports"]}
    assert service["http"]["port"] == 80
    assert {port: service[port]["targetPort"] for port in service} == {each: each for each in wanted}
    (rule,) = one(objects, "Ingress", name)["spec"]["rules"]
    assert rule["http"]["paths"][0]["backend"]["service"]["port"] == {"name": "ingress"}


@every_set
@every_program
def test_only_the_controllers_namespace_reaches_its_port(
    helm: Helm, values: dict[str, Any], name: str
) -> None:
    _, inside, ingress = PROGRAMS[name]
    objects = helm.objects(values)
    policies = [item for item in objects if item["kind"] == "NetworkPolicy"]
    if values.get("network", {}).get("policies") is False:
        assert not policies
        return
    namespace = values.get("ingress", {}).get("namespace", "madang-ingress")
    controller = [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}}]
    rules = [rule for policy in policies for rule in _ingress_of(policy, name)]
    for port in (ingress, *ABSENCE[name].values()):
        assert [rule["from"] for rule in rules if {"port": port} in rule["ports"]] == [controller]
    assert all(rule["ports"] == [{"port": inside}] for rule in rules if rule["from"] != controller)


@every_set
def test_what_is_no_projects_address_leads_to_the_absence_alone_and_only_after_all_others(
    helm: Helm, values: dict[str, Any]
) -> None:
    objects = helm.objects(values)
    domain = values.get("domain", "madang.localhost")
    found = one(objects, "Ingress", "absence")
    (rule,) = found["spec"]["rules"]
    assert rule["host"] == f"*.{domain}"
    (path,) = rule["http"]["paths"]
    assert (path["path"], path["pathType"]) == ("/", "Prefix")
    assert path["backend"]["service"] == {"name": "portal", "port": {"name": "absence"}}
    # Traefik goes by the length of a rule, and a wildcard's is longer than a name's.
    assert found["metadata"]["annotations"]["traefik.ingress.kubernetes.io/router.priority"] == "1"
    # A default certificate of the controller's, as for projects.
    assert "tls" not in found["spec"]
    others = [item for item in objects if item["kind"] == "Ingress" and item is not found]
    assert {item["spec"]["ingressClassName"] for item in others} == {found["spec"]["ingressClassName"]}
    assert {rule["host"] for item in others for rule in item["spec"]["rules"]} == {domain, f"git.{domain}"}


def test_load_balancers_in_front_of_the_controller_are_named(helm: Helm) -> None:
    given = {"ingress": {"trustedProxies": ["10.8.0.0/16", "2001:db8::/32"]}}
    for name, (kind, _, _) in PROGRAMS.items():
        (container,) = one(helm.objects(given), kind, name)["spec"]["template"]["spec"]["containers"]
        trusted = [word for word in container["args"] if word.startswith("--trusted-proxy")]
        assert trusted == ["--trusted-proxy=10.8.0.0/16", "--trusted-proxy=2001:db8::/32"]


def _ingress_of(policy: dict[str, Any], component: str) -> list[dict[str, Any]]:
    labels = policy["spec"]["podSelector"].get("matchLabels", {})
    chosen = labels.get("app.kubernetes.io/component") == component
    return policy["spec"].get("ingress", []) if chosen else []
