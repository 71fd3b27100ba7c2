"""An API server that is busy, in trouble, changing under one's hands, or silent; and two who act at once."""

from __future__ import annotations

import random
import threading
from pathlib import Path

import pytest
from kubernetes.client import Configuration
from kubernetes.config import load_kube_config

from spot import names, pods
from spot.kube import Connection
from tests.integration.apiserver import ControlPlane
from tests.integration.spot.conftest import Led
from tests.integration.spot.faulty_proxy import FaultyProxy, Request, running_proxy
from tests.integration.spot.played_portal import PlayedPortal
from tests.integration.spot.stage import Stage, end, eventually

OTHER_HANDLER = "madang-two"


def through(proxy: FaultyProxy) -> Connection:
    configuration = Configuration()
    load_kube_config(config_file=str(proxy.kubeconfig), client_configuration=configuration)
    return Connection(configuration)


@pytest.mark.parametrize("status", [429, 500, 409, 410])
def test_every_third_request_is_refused(
    stage: Stage, portal: PlayedPortal, plane: ControlPlane, led: Led, tmp_path: Path, status: int
) -> None:
    doomed = stage.node("doomed")
    stage.deploy("blog", replicas=3)
    stage.node("spare")
    luck = random.Random(status)
    with running_proxy(plane.kubeconfig, tmp_path) as proxy, led(through(proxy)):
        eventually(lambda: any(request.is_watch for request in proxy.seen))
        proxy.fault = lambda request: status if luck.random() < 0.33 else None
        with stage.watch("blog") as seen:
            stage.interrupt(doomed)
            stage.wait_clear(doomed)
            end(stage, portal, doomed)
            stage.wait_serving("blog", 3)
        proxy.fault = lambda request: None
    assert seen.least == 3


def test_the_first_of_each_kind_of_request_hangs(
    stage: Stage, portal: PlayedPortal, plane: ControlPlane, led: Led, tmp_path: Path
) -> None:
    doomed = stage.node("doomed")
    stage.deploy("blog", replicas=2)
    stage.node("spare")
    hung: set[str] = set()
    over = threading.Event()

    def hang(request: Request) -> int | None:
        kind = f"{request.method} {request.path.rpartition('/')[0].rpartition('/')[2]}"
        if request.method == "GET" or kind in hung:
            return None
        hung.add(kind)
        over.wait(60)
        return 504

    with running_proxy(plane.kubeconfig, tmp_path) as proxy, led(through(proxy)):
        eventually(lambda: any(request.is_watch for request in proxy.seen))
        proxy.fault = hang
        with stage.watch("blog") as seen:
            stage.interrupt(doomed)
            stage.wait_clear(doomed)
            end(stage, portal, doomed)
        over.set()
    assert seen.least == 2
    assert len(hung) >= 3


def test_watches_that_are_cut_again_and_again(
    stage: Stage, portal: PlayedPortal, plane: ControlPlane, led: Led, tmp_path: Path
) -> None:
    doomed = stage.node("doomed")
    stage.deploy("blog", replicas=2)
    stage.node("spare")
    luck = random.Random(0)
    with running_proxy(plane.kubeconfig, tmp_path) as proxy:
        proxy.fault = lambda request: 410 if request.is_watch and luck.random() < 0.7 else None
        with led(through(proxy)), stage.watch("blog") as seen:
            stage.interrupt(doomed)
            stage.wait_clear(doomed)
            end(stage, portal, doomed)
    assert seen.least == 2


@pytest.mark.parametrize("status", [403, 422])
def test_what_the_cluster_does_not_let_be_detached_is_evicted_in_time(
    stage: Stage, portal: PlayedPortal, plane: ControlPlane, led: Led, tmp_path: Path, status: int
) -> None:
    doomed = stage.node("doomed")
    stage.deploy("blog")
    spare = stage.node("spare")

    def is_detaching(request: Request) -> bool:
        metadata = request.body.get("metadata", {})
        return "/pods/" in request.path and names.HASH in (metadata.get("labels") or {})

    with running_proxy(plane.kubeconfig, tmp_path) as proxy, led(through(proxy)):
        proxy.fault = lambda request: status if is_detaching(request) else None
        stage.hold(spare)
        stage.interrupt(doomed)
        stage.wait_gap(doomed, 1.0)
        stage.release(spare)
        stage.wait_clear(doomed)
        stage.wait_serving("blog", 1)
        record = end(stage, portal, doomed)
        asked = [each for each in proxy.seen if is_detaching(each)]
    (left,) = record["pods"]
    assert (left["way"], left["state"], left["gap_reason"]) == ("evict", "retired", "not-detached")
    assert len(asked) == 1
    assert [pods.node(pod) for pod in stage.pods("blog")] == [spare]


def test_two_that_lead_at_once_do_no_harm(stage: Stage, portal: PlayedPortal, led: Led) -> None:
    """Worse than any Lease allows: both act all the time, each with records of its own."""
    first, second = stage.node("first"), stage.node("second")
    stage.deploy("blog", replicas=4)
    stage.deploy("shop", replicas=1)
    stage.node("spare")
    namespaces = {
        each["metadata"]["name"] for each in stage.connection.call("GET", "/api/v1/namespaces")["items"]
    }
    if OTHER_HANDLER not in namespaces:
        stage.create("/api/v1/namespaces", {"kind": "Namespace", "metadata": {"name": OTHER_HANDLER}})
    with led(), led(namespace=OTHER_HANDLER), stage.watch("blog") as blog, stage.watch("shop") as shop:
        stage.interrupt(first)
        stage.interrupt(second, seconds=605)
        stage.wait_clear(first)
        stage.wait_clear(second)
        end(stage, portal, first, second)
        eventually(lambda: not stage.records_left(OTHER_HANDLER))
        stage.wait_serving("blog", 4)
    assert (blog.least, shop.least) == (4, 1)
    assert {pods.node(pod) for pod in stage.pods()} == {f"{stage.namespace}-spare"}
