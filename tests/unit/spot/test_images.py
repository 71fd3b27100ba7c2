"""Which images are pulled where before they are needed."""

from __future__ import annotations

from typing import Any

import pytest

from spot.images import Pull, normal, plan

BLOG = "registry.local/chess/blog@sha256:" + "a" * 64
WIKI = "registry.local/chess/wiki@sha256:" + "b" * 64


def node(name: str, *images: str, capacity: str = "spot", ready: str = "True", **spec: Any) -> dict[str, Any]:
    return {
        "metadata": {
            "name": name,
            "labels": {"karpenter.sh/capacity-type": capacity, "kubernetes.io/hostname": name},
        },
        "spec": spec,
        "status": {
            "conditions": [{"type": "Ready", "status": ready}],
            "images": [{"names": [image, "<none>:<none>"]} for image in images],
        },
    }


def deployment(
    image: str = BLOG, namespace: str = "club-chess", replicas: int = 1, **pod: Any
) -> dict[str, Any]:
    spec = {
        "containers": [{"name": "app", "image": image}],
        "imagePullSecrets": [{"name": "registry"}],
        **pod,
    }
    return {
        "metadata": {"name": "blog", "namespace": namespace, "labels": {"madang.dev/project": "blog"}},
        "spec": {"replicas": replicas, "template": {"metadata": {}, "spec": spec}},
    }


def targets(pulls: list[Pull]) -> list[tuple[str, str]]:
    return [(pull.image, pull.node) for pull in pulls]


def test_an_image_on_one_node_goes_to_a_second() -> None:
    pulls = plan([deployment()], [node("a", BLOG), node("b")], ())
    assert pulls == [Pull("club-chess", BLOG, ("registry",), "b")]


def test_an_image_on_two_nodes_is_enough() -> None:
    assert plan([deployment()], [node("a", BLOG), node("b", BLOG), node("c")], ()) == []


def test_a_doomed_nodes_copy_does_not_count() -> None:
    nodes = [node("a", BLOG), node("b", BLOG), node("c")]
    assert targets(plan([deployment()], nodes, {"a"})) == [(BLOG, "c")]


def test_nothing_is_pulled_to_a_doomed_node() -> None:
    assert plan([deployment()], [node("a", BLOG), node("b")], {"b"}) == []


def test_a_doomed_nodes_images_come_first() -> None:
    nodes = [node("a", WIKI), node("b", BLOG), node("c")]
    pulls = plan([deployment(BLOG), deployment(WIKI)], nodes, {"a"})
    assert [pull.image for pull in pulls] == [WIKI, WIKI, BLOG]
    assert [pull.urgent for pull in pulls] == [True, True, False]


def test_as_many_copies_as_are_wanted_and_no_more_than_there_are_nodes() -> None:
    nodes = [node("a", BLOG), node("b"), node("c")]
    assert len(plan([deployment()], nodes, (), wanted_copies=3)) == 2
    assert len(plan([deployment()], nodes, (), wanted_copies=9)) == 2


def test_pulls_are_spread_over_the_nodes() -> None:
    nodes = [node("a", BLOG, WIKI), node("b"), node("c")]
    assert {pull.node for pull in plan([deployment(BLOG), deployment(WIKI)], nodes, ())} == {"b", "c"}


@pytest.mark.parametrize(
    "other",
    [
        node("b", ready="False"),
        node("b", unschedulable=True),
        node("b", taints=[{"key": "x", "effect": "NoSchedule"}]),
        node("b", taints=[{"key": "x", "value": "y", "effect": "NoExecute"}]),
    ],
    ids=["not ready", "cordoned", "tainted", "emptied"],
)
def test_no_node_that_takes_no_pods_is_chosen(other: dict[str, Any]) -> None:
    assert plan([deployment()], [node("a", BLOG), other], ()) == []


def test_a_taint_that_only_advises_keeps_nothing_out() -> None:
    other = node("b", taints=[{"key": "x", "effect": "PreferNoSchedule"}])
    assert len(plan([deployment()], [node("a", BLOG), other], ())) == 1


def test_a_toleration_opens_a_tainted_node() -> None:
    other = node("b", taints=[{"key": "x", "value": "y", "effect": "NoSchedule"}])
    held = deployment(tolerations=[{"key": "x", "operator": "Equal", "value": "y"}])
    assert len(plan([held], [node("a", BLOG), other], ())) == 1


def test_a_node_selector_and_a_required_affinity_are_kept() -> None:
    nodes = [node("a", BLOG), node("b"), node("c", capacity="on-demand")]
    spot = {"karpenter.sh/capacity-type": "spot"}
    assert targets(plan([deployment(nodeSelector=spot)], nodes, (), 3)) == [(BLOG, "b")]
    assert targets(plan([deployment(affinity=required("In", ["on-demand"]))], nodes, (), 3)) == [(BLOG, "c")]


@pytest.mark.parametrize(
    ("operator", "values", "fits"),
    [
        ("In", ["spot"], True),
        ("NotIn", ["spot"], False),
        ("Exists", [], True),
        ("DoesNotExist", [], False),
        ("Gt", ["1"], False),
    ],
)
def test_every_operator_of_an_affinity_is_read(operator: str, values: list[str], fits: bool) -> None:
    pulls = plan([deployment(affinity=required(operator, values))], [node("a")], ())
    assert bool(pulls) is fits


def test_the_nodes_that_the_pods_prefer_are_taken_first() -> None:
    preference = {"matchExpressions": [expression("In", ["spot"])]}
    weighed = {"nodeAffinity": {PREFERRED: [{"weight": 50, "preference": preference}]}}
    nodes = [node("a", capacity="on-demand"), node("b"), node("c")]
    pulls = plan([deployment(affinity=weighed)], nodes, ())
    assert [pull.node for pull in pulls] == ["b", "c"]


@pytest.mark.parametrize(
    "other",
    [
        deployment(replicas=0),
        deployment(namespace="shop"),
        {**deployment(), "metadata": {"name": "x", "namespace": "club-chess"}},
    ],
    ids=["scaled to nothing", "not a club's", "not a project's"],
)
def test_what_is_no_live_release_is_left_alone(other: dict[str, Any]) -> None:
    assert plan([other], [node("a"), node("b")], ()) == []


def test_what_has_opted_in_is_pulled_where_the_operator_lets_it() -> None:
    shop = deployment(namespace="shop")
    shop["metadata"]["labels"] = {"madang.dev/spot-handoff": "enabled"}
    nodes = [node("a"), node("b")]
    assert len(plan([shop], nodes, (), namespaces={"shop"})) == 2
    assert plan([shop], nodes, ()) == []


def test_one_image_of_two_projects_is_pulled_once() -> None:
    assert len(plan([deployment(), deployment()], [node("a", BLOG), node("b")], ())) == 1


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("nginx", "docker.io/library/nginx:latest"),
        ("nginx:1", "docker.io/library/nginx:1"),
        ("club/blog:1", "docker.io/club/blog:1"),
        ("localhost/blog", "localhost/blog:latest"),
        ("registry:5000/blog", "registry:5000/blog:latest"),
        (BLOG, BLOG),
        (BLOG.replace("@", ":v3@"), BLOG),
    ],
)
def test_an_image_is_known_by_the_name_that_the_node_gives_it(said: str, name: str) -> None:
    assert normal(said) == name


PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


def expression(operator: str, values: list[str]) -> dict[str, Any]:
    return {"key": "karpenter.sh/capacity-type", "operator": operator, "values": values}


def required(operator: str, values: list[str]) -> dict[str, Any]:
    terms = [{"matchExpressions": [expression(operator, values)]}]
    return {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": terms}}}
