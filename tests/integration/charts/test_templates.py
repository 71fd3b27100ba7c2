"""What helm makes of the chart, checked against Kubernetes 1.35's own schemas and the platform's rules."""

from __future__ import annotations

from typing import Any

import kubernetes_validate
import pytest
import yaml

from localcluster.install.values import chart_values
from localcluster.instance import Instance
from tests.integration.charts.conftest import IMAGES, Helm

OUTSIDE = {
    "postgresql": {"url": "postgresql://u:p@db.example.org/madang"},
    "redis": {"url": "rediss://:p@redis.example.org:6380/0"},
    "registry": {"enabled": False, "pushHost": "registry.example.org", "pullHost": "registry.example.org"},
}
CLOUD = {
    "domain": "madang.example.org",
    "public": {"scheme": "https"},
    "ingress": {
        "className": "nginx",
        "namespace": "ingress-nginx",
        "tlsSecret": "madang-tls",
        "annotations": {"cert-manager.io/cluster-issuer": "letsencrypt"},
        "probeUrl": "http://ingress-nginx-controller.ingress-nginx.svc.cluster.local",
    },
    "git": {"storage": {"size": "50Gi", "storageClassName": "gp3"}},
    "images": {**IMAGES, "pullSecrets": ["pull"]},
    "placement": {"tolerations": [{"key": "platform", "operator": "Exists", "effect": "NoSchedule"}]},
    "workers": {"default": {"replicas": 3}},
    "apps": {"capacity": "any", "world": True},
    "network": {"nodes": ["10.0.0.0/16"]},
}


def _embedded() -> dict[str, Any]:
    return chart_values(
        Instance.from_environment(), IMAGES | {"spot-agent": IMAGES["agent"], "traefik": "unused"}
    )


SETS = {
    "defaults": {},
    "embedded": _embedded(),
    "outside services": OUTSIDE,
    "cloud": CLOUD,
    "cloud with outside services": CLOUD | OUTSIDE,
    "without policies": {"network": {"policies": False}},
    "without spot": {"spot": {"enabled": False}},
    "spot on AWS": {
        "spot": {
            "aws": {
                "region": "eu-west-1",
                "queueUrl": "https://sqs.example.org/1/spot",
            },
            "controller": {
                "serviceAccount": {"annotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/spot"}}
            },
            "agent": {"enabled": False},
            "metrics": {"namespaceLabels": {"kubernetes.io/metadata.name": "monitoring"}},
        }
    },
}
every_set = pytest.mark.parametrize("values", SETS.values(), ids=SETS.keys())


@every_set
def test_every_object_is_valid_for_kubernetes_1_35(helm: Helm, values: dict[str, Any]) -> None:
    for item in helm.objects(values):
        kubernetes_validate.validate(item, "1.35", strict=True)


@every_set
def test_helm_finds_nothing_to_lint(helm: Helm, values: dict[str, Any]) -> None:
    done = helm.run("lint", values, "--strict")
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_unknown_key_is_refused_by_helm(helm: Helm) -> None:
    done = helm.run("template", {"portal": {"replica": 3}})
    assert done.returncode != 0
    assert "replica" in done.stderr


def test_no_outside_registry_without_its_host(helm: Helm) -> None:
    done = helm.run("template", {"registry": {"enabled": False}})
    assert "set registry.pushHost" in done.stderr


@every_set
def test_every_pod_of_the_platform_is_restricted_and_stays_off_spot_nodes(
    helm: Helm, values: dict[str, Any]
) -> None:
    for pod in pods(helm.objects(values)):
        assert pod["nodeSelector"] == {"karpenter.sh/capacity-type": "on-demand"}
        assert pod["enableServiceLinks"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in [*pod["containers"], *pod.get("initContainers", [])]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert container["resources"]["limits"]["memory"]


@every_set
def test_pods_of_projects_make_room_for_every_pod_of_the_platform(helm: Helm, values: dict[str, Any]) -> None:
    """A project's have no class, which is 0."""
    objects = helm.objects(values)
    classes = {o["metadata"]["name"]: o["value"] for o in objects if o["kind"] == "PriorityClass"}
    classes["system-cluster-critical"] = 2_000_000_000
    assert all(classes[pod["priorityClassName"]] > 0 for pod in pods(objects))


@every_set
def test_a_stop_signal_is_of_a_known_system(helm: Helm, values: dict[str, Any]) -> None:
    """The API server refuses it else, from the version on that knows stop signals."""
    for pod in pods(helm.objects(values)):
        if any("stopSignal" in container.get("lifecycle", {}) for container in pod["containers"]):
            assert pod["os"] == {"name": "linux"}


def test_only_who_speaks_to_the_api_holds_a_token_of_it(helm: Helm) -> None:
    holders = {
        item["metadata"]["name"]
        for item in helm.objects({})
        if item["kind"] in {"Deployment", "StatefulSet"}
        and item["spec"]["template"]["spec"].get("automountServiceAccountToken") is not False
    }
    assert holders == {"portal", "worker-default", "worker-builds", "spot-controller"}


def test_urls_replace_the_charts_own_postgresql_redis_and_registry(helm: Helm) -> None:
    objects = helm.objects(OUTSIDE)
    names = {(o["kind"], o["metadata"]["name"]) for o in objects}
    assert {name for kind, name in names if kind in {"StatefulSet", "Deployment"}} == {
        "portal",
        "git",
        "worker-default",
        "worker-builds",
        "beat",
        "spot-controller",
        "spot-headroom",
    }
    connections = one(objects, "Secret", "madang-connections")
    assert connections["stringData"] == {
        "DATABASE_URL": "postgresql://u:p@db.example.org/madang",
        "REDIS_URL": "rediss://:p@redis.example.org:6380/0",
    }
    assert "MADANG_REGISTRY_PUSH_HOST: registry.example.org" in flat(
        one(objects, "ConfigMap", "madang-config")
    )


def test_no_password_stands_in_a_config_map(helm: Helm) -> None:
    maps = [o for o in helm.objects(OUTSIDE) if o["kind"] == "ConfigMap"]
    assert maps
    assert all("u:p@" not in flat(o) and ":p@" not in flat(o) for o in maps)


def test_the_portal_is_replaced_without_a_gap(helm: Helm) -> None:
    portal = one(helm.objects({}), "Deployment", "portal")
    assert portal["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    (container,) = portal["spec"]["template"]["spec"]["containers"]
    assert container["lifecycle"]["preStop"]["sleep"]["seconds"] >= 5


def test_selectors_do_not_change_with_the_charts_version(helm: Helm) -> None:
    for item in helm.objects({}):
        if item["kind"] in {"Deployment", "StatefulSet"}:
            assert set(item["spec"]["selector"]["matchLabels"]) == {
                "app.kubernetes.io/name",
                "app.kubernetes.io/instance",
                "app.kubernetes.io/component",
            }


def test_a_changed_setting_is_a_new_pod(helm: Helm) -> None:
    def checksum(values: dict[str, Any]) -> str:
        template = one(helm.objects(values), "Deployment", "portal")["spec"]["template"]
        return str(template["metadata"]["annotations"]["checksum/config"])

    assert checksum({}) == checksum({})
    assert checksum({}) != checksum({"domain": "other.example.org"})


def test_builds_reach_only_what_they_need(helm: Helm) -> None:
    policy = one(helm.objects(_embedded()), "NetworkPolicy", "builds")
    assert policy["metadata"]["namespace"] == "madang-builds"
    assert "ingress" not in policy["spec"]
    reached = {
        (peer_name(peer), port["port"])
        for rule in policy["spec"]["egress"]
        for peer in rule["to"]
        for port in rule["ports"]
    }
    assert reached == {
        ("kube-system", 53),
        ("172.30.0.1/32", 53),
        ("git", 8080),
        ("portal", 8000),
        ("registry", 5000),
        ("172.30.0.1/32", 5000),
        ("172.30.0.1/32", 3128),
    }


def test_clubs_ask_the_same_dns_servers_as_the_platform(helm: Helm) -> None:
    given = {
        name: one(helm.objects(values), "ConfigMap", "madang-config")["data"]["MADANG_DNS_ADDRESSES"]
        for name, values in {"embedded": _embedded(), "cloud": CLOUD}.items()
    }
    assert given == {"embedded": "172.30.0.1/32", "cloud": ""}


def test_only_the_platforms_programs_reach_postgresql(helm: Helm) -> None:
    policy = one(helm.objects(_embedded()), "NetworkPolicy", "postgres")
    (rule,) = policy["spec"]["ingress"]
    (peer,) = rule["from"]
    (expression,) = peer["podSelector"]["matchExpressions"]
    assert sorted(expression["values"]) == ["beat", "git", "portal", "worker-builds", "worker-default"]
    assert rule["ports"] == [{"port": 5432}]


def test_a_registry_that_is_not_the_charts_is_never_restarted(helm: Helm) -> None:
    objects = helm.objects(OUTSIDE)
    assert one(objects, "ConfigMap", "madang-config")["data"]["MADANG_REGISTRY_WORKLOAD"] == ""
    assert "statefulsets" not in flat(one(objects, "ValidatingAdmissionPolicy", "madang-worker-walls"))
    assert not [item for item in objects if item["metadata"]["name"] == "worker-registry"]


def test_every_pod_of_the_namespace_starts_from_nothing_allowed(helm: Helm) -> None:
    policy = one(helm.objects({}), "NetworkPolicy", "default-deny")
    assert policy["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def test_the_worker_may_touch_no_other_kind(helm: Helm) -> None:
    role = one(helm.objects({}), "ClusterRole", "madang-worker")
    written = {
        resource
        for rule in role["rules"]
        for resource in rule["resources"]
        if set(rule["verbs"]) & {"create", "patch", "update", "delete"}
    }
    assert written == {
        "namespaces",
        "services",
        "configmaps",
        "serviceaccounts",
        "resourcequotas",
        "limitranges",
        "pods",
        "deployments",
        "jobs",
        "ingresses",
        "networkpolicies",
        "poddisruptionbudgets",
        "rolebindings",
    }
    assert "*" not in flat(role)


def test_nobody_reads_secrets_of_the_whole_cluster(helm: Helm) -> None:
    objects = helm.objects({})
    bound = {item["roleRef"]["name"] for item in objects if item["kind"] == "ClusterRoleBinding"}
    for name in bound:
        rules = one(objects, "ClusterRole", name)["rules"]
        assert not {"secrets", "*"} & {resource for rule in rules for resource in rule["resources"]}


def pods(objects: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of the platform's programs; what keeps room on spot nodes runs none."""
    return [
        o["spec"]["template"]["spec"]
        for o in objects
        if o["kind"] in {"Deployment", "StatefulSet"} and o["metadata"]["name"] != "spot-headroom"
    ]


def one(objects: list[dict[str, Any]], kind: str, name: str) -> dict[str, Any]:
    (found,) = [o for o in objects if o["kind"] == kind and o["metadata"]["name"] == name]
    return found


def flat(item: dict[str, Any]) -> str:
    return str(yaml.safe_dump(item, width=1000))


def peer_name(peer: dict[str, Any]) -> str:
    if "ipBlock" in peer:
        return str(peer["ipBlock"]["cidr"])
    labels = peer.get("podSelector", {}).get("matchLabels", {})
    namespace = peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"]
    return str(labels.get("app.kubernetes.io/component", namespace))
