"""The ingress controller's objects."""

from __future__ import annotations

from localcluster.addons import INGRESS_NAMESPACE, ingress_controller
from localcluster.api import object_path

IMAGE = "docker.io/madang/traefik@sha256:aa"


def test_it_runs_the_image_that_it_is_given() -> None:
    deployment = next(o for o in ingress_controller(IMAGE) if o["kind"] == "Deployment")
    assert [c["image"] for c in deployment["spec"]["template"]["spec"]["containers"]] == [IMAGE]


def test_the_api_knows_a_place_for_each_object() -> None:
    assert all(object_path(item) for item in ingress_controller(IMAGE))


def test_all_of_it_lives_in_its_own_namespace() -> None:
    namespaces = {o["metadata"].get("namespace") for o in ingress_controller(IMAGE)}
    assert namespaces == {None, INGRESS_NAMESPACE}


def test_no_projects_pod_takes_its_place() -> None:
    deployment = next(o for o in ingress_controller(IMAGE) if o["kind"] == "Deployment")
    assert deployment["spec"]["template"]["spec"]["priorityClassName"] == "system-cluster-critical"
