"""What helm makes of the chart's spot part."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from pydantic import AliasChoices
from pydantic_settings import BaseSettings

from spot.settings import AgentSettings, AheadSettings, ControllerSettings
from tests.integration.charts.conftest import CHART, IMAGES, Helm
from tests.integration.charts.test_templates import SETS, flat, one, peer_name


def container(objects: list[dict[str, Any]], kind: str, name: str) -> dict[str, Any]:
    (found,) = one(objects, kind, name)["spec"]["template"]["spec"]["containers"]
    assert isinstance(found, dict)
    return found


def environment(found: dict[str, Any]) -> dict[str, Any]:
    return {each["name"]: each.get("value") for each in found["env"]}


def test_the_agent_runs_on_every_spot_node_whatever_its_taints(helm: Helm) -> None:
    spec = one(helm.objects({}), "DaemonSet", "spot-agent")["spec"]["template"]["spec"]
    assert spec["nodeSelector"] == {"karpenter.sh/capacity-type": "spot"}
    assert spec["tolerations"] == [{"operator": "Exists"}]
    assert spec["priorityClassName"] == "system-node-critical"


def test_the_agent_has_the_nodes_network_and_nothing_else_of_it(helm: Helm) -> None:
    spec = one(helm.objects({}), "DaemonSet", "spot-agent")["spec"]["template"]["spec"]
    assert (spec["hostNetwork"], spec["dnsPolicy"]) == (True, "Default")
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["volumes"] == [{"name": "tmp", "emptyDir": {}}]
    assert container(helm.objects({}), "DaemonSet", "spot-agent")["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def test_the_agent_has_an_image_of_its_own_and_says_when_it_is_missing(helm: Helm) -> None:
    assert container(helm.objects({}), "DaemonSet", "spot-agent")["image"] == IMAGES["agent"]
    without = {"images": IMAGES | {"agent": ""}}
    assert "images.agent: name the spot agent's image" in helm.run("template", without).stderr
    assert helm.run("template", without | {"spot": {"agent": {"enabled": False}}}).returncode == 0


def test_one_of_two_controllers_may_be_away_at_a_time(helm: Helm) -> None:
    objects = helm.objects({})
    assert one(objects, "Deployment", "spot-controller")["spec"]["replicas"] == 2
    assert one(objects, "PodDisruptionBudget", "spot-controller")["spec"]["maxUnavailable"] == 1


def test_the_controller_holds_no_secret_but_the_key_of_its_reports(helm: Helm) -> None:
    found = container(helm.objects({}), "Deployment", "spot-controller")
    keys = [e["valueFrom"]["secretKeyRef"] for e in found["env"] if "secretKeyRef" in e.get("valueFrom", {})]
    assert keys == [{"name": "madang-secrets", "key": "MADANG_SPOT_REPORT_KEY"}]
    assert "envFrom" not in found


def test_without_aws_the_controller_is_told_nothing_of_it_and_reaches_no_outside(helm: Helm) -> None:
    objects = helm.objects({})
    names = environment(container(objects, "Deployment", "spot-controller"))
    assert not names.keys() & {"AWS_REGION", "MADANG_SPOT_QUEUE_URL"}
    assert ("0.0.0.0/0", 443) not in reached(helm, SETS["embedded"])


def test_on_aws_the_controller_knows_region_and_queue_and_reaches_them(helm: Helm) -> None:
    objects = helm.objects(SETS["spot on AWS"])
    names = environment(container(objects, "Deployment", "spot-controller"))
    assert names["AWS_REGION"] == "eu-west-1"
    assert names["MADANG_SPOT_QUEUE_URL"] == "https://sqs.example.org/1/spot"
    assert ("0.0.0.0/0", 443) in reached(helm, SETS["spot on AWS"])
    role = one(objects, "ServiceAccount", "spot-controller")["metadata"]["annotations"]
    assert role == {"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/spot"}


def test_the_controller_reaches_names_the_api_and_the_portal(helm: Helm) -> None:
    assert reached(helm, SETS["embedded"]) == {
        ("kube-system", 53),
        ("172.30.0.1/32", 53),
        ("172.30.0.1/32", 6443),
        ("portal", 8000),
    }


def test_nobody_reads_the_metrics_until_somebody_is_named(helm: Helm) -> None:
    assert "ingress" not in one(helm.objects({}), "NetworkPolicy", "spot-controller")["spec"]
    policy = one(helm.objects(SETS["spot on AWS"]), "NetworkPolicy", "spot-controller")
    (rule,) = policy["spec"]["ingress"]
    assert [peer_name(peer) for peer in rule["from"]] == ["monitoring"]


def test_room_is_kept_by_what_goes_first_and_at_once(helm: Helm) -> None:
    objects = helm.objects({})
    spec = one(objects, "Deployment", "spot-headroom")["spec"]["template"]["spec"]
    priority = one(objects, "PriorityClass", spec["priorityClassName"])
    assert (priority["value"], priority["preemptionPolicy"]) == (-10, "Never")
    assert spec["terminationGracePeriodSeconds"] == 0
    assert "tolerations" not in spec


def test_the_controller_may_start_on_a_fresh_node_as_nobody_else_opens_any(helm: Helm) -> None:
    fresh = {"key": "madang.dev/agent-not-ready", "operator": "Exists"}
    spec = one(helm.objects({}), "Deployment", "spot-controller")["spec"]["template"]["spec"]
    assert spec["tolerations"] == [fresh]
    told = {"key": "platform", "operator": "Exists", "effect": "NoSchedule"}
    objects = helm.objects({"placement": {"tolerations": [told]}})
    spec = one(objects, "Deployment", "spot-controller")["spec"]["template"]["spec"]
    assert spec["tolerations"] == [told, fresh]
    portal = one(objects, "Deployment", "portal")["spec"]["template"]["spec"]
    assert portal["tolerations"] == [told]


@pytest.mark.parametrize("agents", [True, False])
def test_the_controller_knows_whether_agents_run(helm: Helm, agents: bool) -> None:
    objects = helm.objects({"spot": {"agent": {"enabled": agents, "patienceSeconds": 45}}})
    told = environment(container(objects, "Deployment", "spot-controller"))
    assert told["MADANG_SPOT_AGENTS"] == str(agents).lower()
    assert told["MADANG_SPOT_AGENT_PATIENCE_SECONDS"] == "45"


def test_an_operator_says_how_long_a_pool_is_avoided(helm: Helm) -> None:
    for given, told in (({}, "900"), ({"controller": {"poolQuietSeconds": 0}}, "0")):
        controller = container(helm.objects({"spot": given}), "Deployment", "spot-controller")
        assert environment(controller)["MADANG_SPOT_POOL_QUIET_SECONDS"] == told


def test_grafana_finds_the_dashboard_as_it_lies_in_the_chart(helm: Helm) -> None:
    found = one(helm.objects({}), "ConfigMap", "spot-dashboard")
    assert found["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert found["data"] == {"madang-spot.json": (CHART / "dashboards/spot.json").read_text()}


def test_prometheus_gets_the_alerts_as_they_lie_in_the_chart(helm: Helm) -> None:
    objects = helm.objects({"spot": {"metrics": {"prometheusOperator": True}}})
    rules = one(objects, "PrometheusRule", "spot")["spec"]
    assert rules == yaml.safe_load((CHART / "dashboards/spot-alerts.yaml").read_text())
    watched = {o["metadata"]["name"] for o in objects if o["kind"] == "PodMonitor"}
    assert watched == {"spot-agent", "spot-controller"}


def test_the_programs_are_told_nothing_that_they_do_not_read(helm: Helm) -> None:
    objects = helm.objects(SETS["spot on AWS"] | {"spot": {**SETS["spot on AWS"]["spot"], "agent": {}}})
    told = environment(container(objects, "Deployment", "spot-controller")).keys()
    assert told - {"HOME"} <= names_read_by(ControllerSettings) | names_read_by(AheadSettings)
    told = environment(container(objects, "DaemonSet", "spot-agent")).keys()
    assert told - {"HOME"} <= names_read_by(AgentSettings)


def test_spot_turned_off_leaves_nothing_of_it(helm: Helm) -> None:
    left = [o["metadata"]["name"] for o in helm.objects(SETS["without spot"])]
    assert not [name for name in left if "spot" in name or "headroom" in name]


def test_without_agents_their_namespace_and_account_are_not_there(helm: Helm) -> None:
    objects = helm.objects(SETS["spot on AWS"])
    assert not [
        o for o in objects if "spot-agent" in flat(o) or o["metadata"].get("namespace") == "madang-spot"
    ]


def names_read_by(settings: type[BaseSettings]) -> set[str]:
    names = {f"MADANG_SPOT_{name.upper()}" for name in settings.model_fields}
    aliases = (field.validation_alias for field in settings.model_fields.values())
    return names | {
        str(each) for alias in aliases if isinstance(alias, AliasChoices) for each in alias.choices
    }


def reached(helm: Helm, values: dict[str, Any]) -> set[tuple[str, int]]:
    policy = one(helm.objects(values), "NetworkPolicy", "spot-controller")
    return {
        (reachable(peer), port["port"])
        for rule in policy["spec"]["egress"]
        for peer in rule["to"]
        for port in rule["ports"]
    }


def reachable(peer: dict[str, Any]) -> str:
    if "namespaceSelector" in peer or "ipBlock" in peer:
        return peer_name(peer)
    return str(peer["podSelector"]["matchLabels"]["app.kubernetes.io/component"])
