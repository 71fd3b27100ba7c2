"""Where the API server keeps an object."""

import pytest

from localcluster.api import node_is_ready, object_path, plural


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("Deployment", "deployments"),
        ("Endpoints", "endpoints"),
        ("IngressClass", "ingressclasses"),
        ("NetworkPolicy", "networkpolicies"),
        ("StorageClass", "storageclasses"),
    ],
)
def test_kinds_have_kubernetes_own_plurals(kind: str, expected: str) -> None:
    assert plural(kind) == expected


def test_a_namespaced_object_of_a_group() -> None:
    item = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "club-a"}}
    assert object_path(item) == "/apis/apps/v1/namespaces/club-a/deployments/web"


def test_an_object_of_the_whole_cluster_in_the_core_group() -> None:
    assert object_path({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "club-a"}}) == (
        "/api/v1/namespaces/club-a"
    )


def test_a_node_without_conditions_is_not_ready() -> None:
    assert not node_is_ready({"status": {}})
    assert node_is_ready({"status": {"conditions": [{"type": "Ready", "status": "True"}]}})
