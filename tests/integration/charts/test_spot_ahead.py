"""Images and room ahead on a real API server, under the controller's account, behind the chart's walls."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from spot.controller.program import Metrics
from spot.headroom import Headroom
from spot.images import Pull
from spot.kube import Cache, Connection
from spot.placement import may_run
from spot.pulling import ImagesAhead, name_of, pulling_pod
from spot.settings import AheadSettings
from spot.times import zulu
from tests.integration.charts import walls
from tests.integration.charts.conftest import PAUSE
from tests.integration.charts.walls import DEADLINE_SECONDS, Caller, JsonMap, Refused, path_of

NOW = datetime.now(UTC)
IMAGE = "registry.local/chess/blog@sha256:" + "a" * 64
SETTINGS = AheadSettings(headroom=True, images_ahead=True, pause_image=PAUSE)
PODS = "api/v1/namespaces/club-chess/pods"
PULL = Pull("club-chess", IMAGE, ("registry",), "spot-1")


@pytest.fixture(scope="module")
def connection(controller: Caller) -> Connection:
    return walls.connection(controller)


@pytest.fixture(scope="module")
def cache(admin: Caller, connection: Connection) -> Iterator[Cache]:
    """With nothing but the rights of the chart. Of two nodes one has the project's image."""
    admin("POST", "apis/apps/v1/namespaces/club-chess/deployments", deployment())
    watched = Cache(connection)
    watched.start()
    assert watched.wait_synced(DEADLINE_SECONDS), "the controller may not read what it watches"
    yield watched
    watched.stop()
    admin("DELETE", "apis/apps/v1/namespaces/club-chess/deployments/blog")
    admin("DELETE", PODS, {"gracePeriodSeconds": 0})
    until(lambda: not admin("GET", PODS)["items"])


@pytest.fixture(autouse=True)
def ready_nodes(admin: Caller, cache: Cache) -> None:
    """Nobody but this test says that the nodes live."""
    for name, images in (("spot-1", []), ("spot-2", [{"names": [IMAGE]}])):
        ready = {"type": "Ready", "status": "True", "lastHeartbeatTime": zulu(datetime.now(UTC))}
        admin("PATCH", f"api/v1/nodes/{name}/status", {"status": {"conditions": [ready], "images": images}})
        spot = {"karpenter.sh/capacity-type": "spot"}
        admin("PATCH", f"api/v1/nodes/{name}", {"metadata": {"labels": spot}, "spec": {"taints": None}})
    until(lambda: all(may_run({}, node) for node in cache.all("Node")))


def test_an_image_is_pulled_by_a_pod_that_the_clubs_walls_let_in(
    admin: Caller, connection: Connection, cache: Cache
) -> None:
    ahead = ImagesAhead(connection, cache, SETTINGS, Metrics())
    until(lambda: cache.all("Deployment", "club-chess"))
    ahead.look(NOW)
    ahead.look(NOW)
    (pod,) = pulling(admin)
    assert pod["spec"]["volumes"] == [
        {"name": "image", "image": {"reference": IMAGE, "pullPolicy": "IfNotPresent"}}
    ]
    assert pod["metadata"]["name"] == name_of(PULL)


def test_it_goes_once_it_runs_and_is_not_made_again_at_once(
    admin: Caller, connection: Connection, cache: Cache
) -> None:
    metrics = Metrics()
    ahead = ImagesAhead(connection, cache, SETTINGS, metrics)
    ahead.look(NOW)
    (pod,) = pulling(admin)
    running = {"name": "pause", "image": PAUSE, "imageID": "", "ready": True, "restartCount": 0}
    statuses = [running | {"state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}}}]
    admin("PATCH", f"{path_of(pod)}/status", {"status": {"phase": "Running", "containerStatuses": statuses}})
    ahead.look(NOW)
    until(lambda: not pulling(admin))
    ahead.look(NOW)
    assert not pulling(admin)
    assert metrics.registry.get_sample_value("madang_spot_images_ahead_total", {"result": "pulled"}) == 1
    ahead.look(NOW + timedelta(hours=1))
    assert len(pulling(admin)) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"hostNetwork": True},
        {"priorityClassName": "system-node-critical"},
        {"activeDeadlineSeconds": 3600},
        {"automountServiceAccountToken": True},
        {"volumes": [{"name": "image", "emptyDir": {}}]},
        {"volumes": [{"name": "image", "secret": {"secretName": "blog-config-1"}}]},
        {"initContainers": [{"name": "first", "image": PAUSE}]},
    ],
    ids=str,
)
def test_the_controller_creates_no_pod_of_another_shape(controller: Caller, change: JsonMap) -> None:
    body = a_pulling_pod()
    body["spec"] |= change
    refused(controller, PODS, body)


@pytest.mark.parametrize(
    "change",
    [
        {"image": IMAGE},
        {"command": ["sh"]},
        {"args": ["-c", "true"]},
        {"env": [{"name": "A", "value": "b"}]},
        {"lifecycle": {"postStart": {"exec": {"command": ["sh"]}}}},
    ],
    ids=str,
)
def test_the_controller_runs_nothing_but_the_pause(controller: Caller, change: JsonMap) -> None:
    body = a_pulling_pod()
    body["spec"]["containers"][0] |= change
    refused(controller, PODS, body)


def test_the_controller_creates_pods_nowhere_but_in_clubs(controller: Caller) -> None:
    for namespace in ("elsewhere", "madang", "kube-system"):
        body = a_pulling_pod()
        body["metadata"]["namespace"] = namespace
        refused(controller, f"api/v1/namespaces/{namespace}/pods", body)


def test_a_pulling_pod_cannot_pass_for_a_projects(controller: Caller) -> None:
    body = a_pulling_pod()
    body["metadata"]["labels"]["madang.dev/project"] = "blog"
    refused(controller, PODS, body)


def test_room_is_scaled_to_what_the_largest_node_runs(
    admin: Caller, connection: Connection, cache: Cache
) -> None:
    metrics = Metrics()
    pods = [serving(number) for number in range(3)]
    for pod in pods:
        admin("POST", "api/v1/namespaces/elsewhere/pods", pod)
    until(lambda: len(cache.all("Pod", "elsewhere")) == len(pods))
    until(lambda: cache.get("Deployment", "madang", "spot-headroom"))
    room = Headroom(connection, cache, SETTINGS, metrics)
    room.look(NOW)
    # Three units, of which the one of two nodes that goes takes half along.
    assert scale(admin) == 6
    assert metrics.registry.get_sample_value("madang_spot_headroom_units", {"what": "want"}) == 6
    for pod in pods:
        admin("DELETE", path_of(pod), {"gracePeriodSeconds": 0})
    until(lambda: not cache.all("Pod", "elsewhere"))
    room.look(NOW + timedelta(minutes=1))
    assert scale(admin) == 6
    until(lambda: cache.get("Deployment", "madang", "spot-headroom")["spec"]["replicas"] == 6)  # type: ignore[index]
    room.look(NOW + timedelta(minutes=10))
    assert scale(admin) == 0


def a_pulling_pod() -> JsonMap:
    return pulling_pod(PULL, PAUSE, SETTINGS.priority_class)


def pulling(admin: Caller) -> list[JsonMap]:
    items: list[JsonMap] = admin("GET", PODS)["items"]
    return [pod for pod in items if "madang.dev/image-ahead" in pod["metadata"].get("labels", {})]


def scale(admin: Caller) -> int:
    path = "apis/apps/v1/namespaces/madang/deployments/spot-headroom"
    return int(admin("GET", path)["spec"]["replicas"])


def refused(controller: Caller, path: str, body: JsonMap) -> None:
    with pytest.raises(Refused, match=r"ValidatingAdmissionPolicy|PodSecurity"):
        controller("POST", path, body, dry_run=True)


def deployment() -> JsonMap:
    labels = {"madang.dev/project": "blog"}
    spec = {"imagePullSecrets": [{"name": "registry"}], "containers": [{"name": "app", "image": IMAGE}]}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "blog", "namespace": "club-chess", "labels": labels},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": spec},
        },
    }


def serving(number: int) -> JsonMap:
    resources = {"requests": {"cpu": "250m", "memory": "64Mi"}}
    container = {"name": "app", "image": IMAGE, "resources": resources}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": f"serving-{number}", "namespace": "elsewhere"},
        "spec": {"nodeName": "spot-1", "containers": [container]},
    }


def until(look: Callable[[], Any]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not look():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)
