"""The objects of a club and of a release: valid, restricted, and able to roll without a gap."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import kubernetes_validate
import pytest

from deployer.rollout import manifests
from deployer.rollout.club import club_objects
from tests.unit.deployer.orders import CLUB, ROLLOUT_SETTINGS, rollout_order


def deployment(**changes: Any) -> dict[str, Any]:
    return manifests.deployment(rollout_order(**changes), ROLLOUT_SETTINGS)


def pod(**changes: Any) -> dict[str, Any]:
    spec: dict[str, Any] = deployment(**changes)["spec"]["template"]["spec"]
    return spec


def by_kind(settings: Any = ROLLOUT_SETTINGS) -> dict[str, dict[str, Any]]:
    return {item["kind"]: item for item in club_objects(CLUB, settings)}


@pytest.mark.parametrize(
    "changes", [{}, {"health_path": "/ready", "command": ("python", "app.py"), "replicas": 3, "config": {}}]
)
def test_the_objects_are_what_kubernetes_1_35_takes(changes: dict[str, Any]) -> None:
    order = rollout_order(**changes)
    items = [
        *club_objects(CLUB, replace(ROLLOUT_SETTINGS, world=True)),
        manifests.config_secret(order),
        manifests.deployment(order, ROLLOUT_SETTINGS),
        manifests.service(order),
        manifests.ingress(order, ROLLOUT_SETTINGS),
        manifests.disruption_budget(order),
    ]
    for item in items:
        kubernetes_validate.validate(item, "1.35", strict=True)


def test_a_new_pod_comes_before_an_old_one_goes() -> None:
    strategy = deployment()["spec"]["strategy"]["rollingUpdate"]
    assert (strategy["maxSurge"], strategy["maxUnavailable"]) == (1, 0)


def test_the_selector_leaves_the_release_out_so_that_another_can_follow() -> None:
    assert deployment(release=3)["spec"]["selector"] == deployment(release=4)["spec"]["selector"]
    assert deployment(release=3)["spec"]["template"] != deployment(release=4)["spec"]["template"]


def test_the_same_release_again_is_the_same_pods_whatever_the_fence() -> None:
    assert deployment(fence=7)["spec"] == deployment(fence=8)["spec"]


def test_an_old_pod_serves_on_while_the_proxies_learn_that_it_goes() -> None:
    container = pod()["containers"][0]
    assert container["lifecycle"]["preStop"] == {"sleep": {"seconds": 5}}
    assert pod()["terminationGracePeriodSeconds"] == 30


def test_readiness_asks_the_health_path_or_the_port() -> None:
    assert pod()["containers"][0]["readinessProbe"]["tcpSocket"] == {"port": "http"}
    assert pod(health_path="/up")["containers"][0]["readinessProbe"]["httpGet"]["path"] == "/up"


def test_the_pod_is_no_one_and_holds_nothing() -> None:
    spec = pod()
    security = spec["securityContext"]
    assert (security["runAsUser"], security["runAsGroup"], security["fsGroup"]) == (10001, 10001, 10001)
    assert (spec["automountServiceAccountToken"], spec["enableServiceLinks"]) == (False, False)
    assert spec["containers"][0]["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
    }


def test_the_config_is_in_the_releases_own_secret_and_nowhere_else() -> None:
    order = rollout_order()
    secret = manifests.config_secret(order)
    assert base64.b64decode(secret["data"]["GREETING"]).decode() == "안녕"
    assert pod()["containers"][0]["envFrom"] == [{"secretRef": {"name": "blog-config-3"}}]
    assert "안녕" not in json.dumps(deployment(), ensure_ascii=False)


def test_the_port_is_said_to_the_app_over_its_own_config() -> None:
    env = {item["name"]: item["value"] for item in pod(port=9000)["containers"][0]["env"]}
    assert env == {"HOME": "/tmp", "PORT": "9000"}


def test_the_preference_for_spot_is_never_a_must() -> None:
    affinity = pod()["affinity"]["nodeAffinity"]
    assert list(affinity) == ["preferredDuringSchedulingIgnoredDuringExecution"]
    anywhere = replace(ROLLOUT_SETTINGS, capacity="any")
    assert "affinity" not in manifests.deployment(rollout_order(), anywhere)["spec"]["template"]["spec"]


def test_one_replica_does_not_block_a_drain() -> None:
    assert manifests.disruption_budget(rollout_order())["spec"]["maxUnavailable"] == 1


def test_a_clubs_namespace_is_restricted() -> None:
    labels = by_kind()["Namespace"]["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


def test_a_club_reaches_itself_and_names_and_no_more() -> None:
    egress = by_kind()["NetworkPolicy"]["spec"]["egress"]
    assert egress[0] == {"to": [{"podSelector": {}}]}
    assert len(egress[1]["to"]) == 1
    assert [port["port"] for port in egress[1]["ports"]] == [53, 53]
    assert len(egress) == 2


def test_a_club_asks_the_clusters_dns_pods_and_the_servers_that_the_operator_names() -> None:
    policy = by_kind(replace(ROLLOUT_SETTINGS, dns_addresses=("169.254.20.10/32",)))["NetworkPolicy"]["spec"]
    (names,) = [rule for rule in policy["egress"] if "ports" in rule]
    pods, server = names["to"]
    assert pods["podSelector"] == {"matchLabels": {"k8s-app": "kube-dns"}}
    assert server == {"ipBlock": {"cidr": "169.254.20.10/32"}}
    assert {port["port"] for port in names["ports"]} == {53}


def test_the_world_is_open_only_by_setting_and_never_the_metadata_service() -> None:
    policy = by_kind(replace(ROLLOUT_SETTINGS, world=True))["NetworkPolicy"]["spec"]
    block = policy["egress"][2]["to"][0]["ipBlock"]
    assert block["cidr"] == "0.0.0.0/0"
    assert {"169.254.0.0/16", "172.16.0.0/12", "10.0.0.0/8"} <= set(block["except"])


def test_visitors_come_through_the_ingress_controller_only() -> None:
    sources = [rule["from"][0] for rule in by_kind()["NetworkPolicy"]["spec"]["ingress"]]
    assert {"podSelector": {}} in sources
    assert {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "madang-ingress"}}
    } in sources


def test_the_wall_leaves_room_for_a_rollout_beside_a_full_budget() -> None:
    hard = by_kind()["ResourceQuota"]["spec"]["hard"]
    assert hard["limits.memory"] == "2048Mi"
    assert (hard["services.nodeports"], hard["services.loadbalancers"]) == ("0", "0")


def test_the_pull_login_is_for_the_registry_alone() -> None:
    data = by_kind()["Secret"]["data"][".dockerconfigjson"]
    assert list(json.loads(base64.b64decode(data))["auths"]) == ["registry.local"]
    assert by_kind()["ServiceAccount"]["imagePullSecrets"] == [{"name": "registry"}]


def test_orders_do_not_show_their_secrets() -> None:
    assert "안녕" not in repr(rollout_order())
    assert "pull secret" not in repr(CLUB)
