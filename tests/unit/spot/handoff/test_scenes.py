"""What one look at the cluster makes of a pod on a doomed node."""

from __future__ import annotations

import copy
from datetime import timedelta
from typing import Any, cast

import pytest

from spot import doomed_node
from spot.handoff.decision import decide
from spot.handoff.scene import Doomed, Look
from spot.handoff.way import Scope, Way
from spot.interruption import Interruption, Kind
from spot.kube import Cache
from tests.unit.spot.handoff.objects import NOW, SECOND, TIMING, a_node, deployment, pod, replicaset, service

SCOPE = Scope(frozenset(), "madang-builds")
JsonMap = dict[str, Any]


def look(**kinds: list[JsonMap]) -> Look:
    """At a cluster of these objects, besides a Deployment and its ReplicaSet."""
    cache = Cache(cast("Any", None))
    nodes = [a_node(name) for name in ("doomed", "doomed-too", "spare")]
    there = {"Node": nodes, "Deployment": [deployment()], "ReplicaSet": [replicaset()], **kinds}
    for kind, items in there.items():
        for number, each in enumerate(items):
            item = copy.deepcopy(each)
            item["metadata"].setdefault("resourceVersion", "1")
            item["metadata"].setdefault("uid", f"u-{kind}-{number}")
            cache.put(kind, item)
    return Look(cache, {"doomed": NOW + timedelta(minutes=2)}, SCOPE, TIMING, NOW)


def only(found: Look) -> Doomed:
    (one,) = found.standing_on("doomed")
    return one


def endpoints(name: str, **ready: bool | None) -> JsonMap:
    listed = [
        {"targetRef": {"uid": uid.replace("_", "-")}, "conditions": {} if each is None else {"ready": each}}
        for uid, each in ready.items()
    ]
    labels = {"kubernetes.io/service-name": name}
    metadata = {"name": f"{name}-x", "namespace": "club-chess", "labels": labels}
    return {"metadata": metadata, "endpoints": [*listed, {"addresses": ["10.0.0.1"]}]}


def policy(**labels: str) -> JsonMap:
    metadata = {"name": "wall", "namespace": "club-chess"}
    return {"metadata": metadata, "spec": {"podSelector": {"matchLabels": labels}, "egress": [{}]}}


def test_a_pod_is_listed_while_any_slice_names_it_ready_or_not() -> None:
    for ready in (True, False, None):
        assert only(look(Pod=[pod()], EndpointSlice=[endpoints("blog", u_blog_1=ready)])).listed
    assert not only(look(Pod=[pod()], EndpointSlice=[endpoints("blog", other=True)])).listed


def test_a_trials_service_has_no_visitors() -> None:
    trial, listed = service("blog--trial"), endpoints("blog--trial", u_blog_1=True)
    for item in (trial, listed):
        item["metadata"].setdefault("labels", {})["madang.dev/trial"] = "4"
    found = only(look(Pod=[pod()], Service=[trial], EndpointSlice=[listed]))
    assert (found.listed, found.services, found.unserve) == (False, (), ())


def test_an_endpoint_without_a_condition_is_ready() -> None:
    found = look(Service=[service()], EndpointSlice=[endpoints("blog", a=None, b=True, c=False)])
    assert found.ready("club-chess", ["blog"]) == 2


def test_of_several_services_the_one_with_the_fewest_counts_and_a_removed_one_does_not() -> None:
    found = look(Service=[service(), service("more")], EndpointSlice=[endpoints("blog", a=True)])
    assert found.ready("club-chess", ["blog", "more"]) == 0
    assert found.ready("club-chess", ["blog", "removed"]) == 1
    assert found.ready("club-chess", ["removed"]) is None


@pytest.mark.parametrize(
    ("services", "policies", "expected"),
    [
        ([], [], ()),
        ([service()], [], ("app",)),
        ([service(), service("more")], [], ("app",)),
        ([service(), service("more", tier="web")], [], ("app", "tier")),
        ([service(app="blog", tier="web")], [policy(app="blog")], ("tier",)),
        ([service()], [policy(app="blog")], ("app",)),
        ([service(**{"madang.dev/project": "blog", "tier": "web"})], [], ("tier",)),
        ([service(app="another")], [], ()),
    ],
)
def test_it_is_unserved_by_as_few_labels_as_do_and_by_none_that_a_policy_looks_at(
    services: list[JsonMap], policies: list[JsonMap], expected: tuple[str, ...]
) -> None:
    one = pod(labels={"tier": "web", "madang.dev/project": "blog"})
    assert only(look(Pod=[one], Service=services, NetworkPolicy=policies)).unserve == expected


def test_a_policy_may_use_any_words_for_its_labels() -> None:
    wall = policy(app="blog", matchExpressions="none", matchLabels="none")
    wall["metadata"]["annotations"] = {"matchExpressions": "none"}
    services = [service(app="blog", tier="web")]
    one = pod(labels={"tier": "web"})
    assert only(look(Pod=[one], Service=services, NetworkPolicy=[wall])).unserve == ("tier",)


def test_a_pod_runs_while_any_of_its_containers_does() -> None:
    for states, runs in [([], False), ([{"waiting": {}}], False), ([{"waiting": {}}, {"running": {}}], True)]:
        statuses = {"containerStatuses": [{"state": each} for each in states]}
        assert only(look(Pod=[pod(ready_for=None, status=statuses)])).runs is runs


def test_no_grace_is_too_long_to_look_at() -> None:
    endless = only(look(Pod=[pod(spec={"terminationGracePeriodSeconds": 2**62})]))
    assert endless.grace > timedelta(days=1000)
    assert decide(endless, NOW + timedelta(minutes=2), TIMING, NOW) is not None


def test_a_service_that_is_only_another_name_is_not_waited_for() -> None:
    other_name = service("alias")
    other_name["spec"]["type"] = "ExternalName"
    pods = [pod("old", detached=True), pod("new", "spare")]
    slices = [endpoints("blog", u_old=True, u_new=True)]
    found = look(Pod=pods, Service=[service(), other_name], EndpointSlice=slices)
    assert only(found).group is not None and only(found).group.whole  # type: ignore[union-attr]


def test_a_pod_that_is_detached_between_two_nodes_of_one_look_is_not_taken_from_its_visitors() -> None:
    listed = endpoints("blog", u_first=True, u_second=True)
    found = look(
        Deployment=[deployment(2)],
        Pod=[pod("first"), pod("second", "doomed-too")],
        Service=[service()],
        EndpointSlice=[listed],
    )
    assert [one.key[1] for one in found.standing_on("doomed")] == ["first"]
    answer = pod("second", "doomed-too", detached=True)
    answer["metadata"]["resourceVersion"] = "2"
    found._cache.put("Pod", answer)
    (second,) = found.standing_on("doomed-too")
    assert second.detached and second.ready
    assert decide(second, NOW + timedelta(minutes=2), TIMING, NOW) is None


@pytest.mark.parametrize("detached", [False, True])
def test_a_pod_that_went_with_its_node_serves_nobody_though_it_says_so(detached: bool) -> None:
    pods = [pod("old", detached=True), pod("ghost", "gone", detached=detached)]
    slices = [endpoints("blog", u_old=True, u_ghost=True)]
    found = only(look(Pod=pods, Service=[service()], EndpointSlice=slices))
    assert found.group is not None and found.group.endpoints == 1
    assert decide(found, NOW + timedelta(minutes=2), TIMING, NOW) is None


def test_the_pods_of_a_deployment_are_its_own_attached_or_not() -> None:
    pods = [
        pod("old", detached=True),
        pod("new", "spare"),
        pod("stranger", "spare", owner=("ReplicaSet", "other")),
    ]
    group = only(look(Pod=pods)).group
    assert group is not None
    assert group.serving == ("u-old",) and [each.name for each in group.replacements] == ["new"]


def test_what_is_evicted_and_comes_back_in_spite_of_the_fence_is_evicted_no_more() -> None:
    end = Interruption("int-1", "i-1", Kind.SPOT_INTERRUPTION, NOW, NOW + timedelta(minutes=2), ("sqs",))
    fenced = a_node("doomed")
    fenced["spec"] = doomed_node.fence(fenced, end, moves=True, now=NOW)["spec"]
    anywhere = {"tolerations": [{"operator": "Exists"}]}

    def way(created: timedelta, spec: JsonMap, **more: Any) -> Way:
        one = pod(**{"owner": ("StatefulSet", "store"), "created": NOW + created, "spec": spec, **more})
        (found,) = look(Node=[fenced], Pod=[one]).standing_on("doomed", since=NOW)
        return found.way

    assert way(-SECOND, anywhere) is Way.EVICT
    assert way(SECOND, anywhere) is Way.LEAVE
    # The scheduler had not heard of the fence yet.
    assert way(SECOND, {}) is Way.EVICT
    assert way(SECOND, anywhere, owner=("ReplicaSet", "blog-abc")) is Way.HANDOFF
