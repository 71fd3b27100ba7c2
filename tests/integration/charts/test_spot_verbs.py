"""The controller's rights are what it asks for: its role beside the audit of a whole interruption."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from spot.controller.program import Controller
from spot.settings import ControllerSettings
from spot.sources.annotation import encode
from spot.sources.seen import InstanceAction, Seen
from spot.times import zulu
from tests.integration.charts import walls
from tests.integration.charts.conftest import PAUSE, Helm
from tests.integration.charts.test_templates import one
from tests.integration.charts.walls import DEADLINE_SECONDS, Caller, JsonMap, path_of

CLUB = "club-chess"
INSTANCE = "i-0123456789abcdef0"
NODE = "api/v1/nodes/doomed"
# Asked only when two write onto a Node at the same moment.
NOT_EVERY_TIME = {("get", "", "nodes")}
Right = tuple[str, str, str]


@pytest.fixture
def working(admin: Caller, controller: Caller, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The whole controller, under its own account."""
    # One unit at most, so that the chart's two are scaled.
    told = {"HEADROOM": "true", "HEADROOM_MOST": "1", "IMAGES_AHEAD": "true", "PAUSE_IMAGE": PAUSE}
    for name, value in told.items():
        monkeypatch.setenv(f"MADANG_SPOT_{name}", value)
    stopped = threading.Event()
    program = Controller(ControllerSettings(controller_port=0), walls.connection(controller), stopped)
    thread = threading.Thread(target=program.run)
    thread.start()
    yield
    stopped.set()
    thread.join()
    clean_up(admin)


def test_the_controller_may_do_what_it_does_and_no_more(
    helm: Helm, admin: Caller, audit: Path, working: None
) -> None:
    lose_a_node(admin)
    granted = rights(helm)
    until(lambda: granted - NOT_EVERY_TIME <= asked(audit), lambda: granted - asked(audit))
    assert asked(audit) <= granted


def lose_a_node(admin: Caller) -> None:
    """A node with a project, a pod without an owner and one that its budget holds is called back and goes."""
    for name in ("doomed", "staying"):
        node = {"metadata": {"name": name, "labels": {"karpenter.sh/capacity-type": "spot"}}}
        admin("POST", "api/v1/nodes", {"apiVersion": "v1", "kind": "Node", **node})
        say_ready(admin, name)
    closed = [{"key": "madang.dev/agent-not-ready", "value": "true", "effect": "NoSchedule"}]
    admin("PATCH", NODE, {"spec": {"providerID": f"local:///local-a/{INSTANCE}", "taints": closed}})
    lonely = admin("POST", f"api/v1/namespaces/{CLUB}/pods", pod("lonely"))
    held = admin("POST", f"api/v1/namespaces/{CLUB}/pods", pod("held"))
    admin("POST", f"apis/policy/v1/namespaces/{CLUB}/poddisruptionbudgets", budget())
    admin("POST", f"apis/apps/v1/namespaces/{CLUB}/deployments", deployment())
    served = until(lambda: [each for each in pods(admin) if each["metadata"]["name"].startswith("wiki-")])[0]
    target = {"apiVersion": "v1", "kind": "Node", "name": "doomed"}
    binding = {"apiVersion": "v1", "kind": "Binding", "metadata": served["metadata"], "target": target}
    admin("POST", f"{path_of(served)}/binding", binding)
    for each in (lonely, held, served):
        ready = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
        admin("PATCH", f"{path_of(each)}/status", {"status": ready})
    budget_path = f"apis/policy/v1/namespaces/{CLUB}/poddisruptionbudgets/held"
    until(lambda: admin("GET", budget_path).get("status", {}).get("currentHealthy"))
    # The node's agent comes: it is opened, and then called back.
    admin("PATCH", NODE, walls.annotation("madang.dev/metadata", encode(Seen(instance_id=INSTANCE))))
    until(lambda: not admin("GET", NODE)["spec"].get("taints"))
    now = datetime.now(UTC)
    seen = Seen(
        instance_id=INSTANCE,
        spot=InstanceAction(action="terminate", time=now + timedelta(seconds=20), seen_at=now),
    )
    admin("PATCH", NODE, walls.annotation("madang.dev/metadata", encode(seen)))
    # An image pod runs, and is cleared away.
    ahead = until(
        lambda: [
            each for each in pods(admin) if "madang.dev/image-ahead" in each["metadata"].get("labels", {})
        ]
    )
    statuses = [
        {
            "name": "pause",
            "image": PAUSE,
            "imageID": "",
            "ready": True,
            "restartCount": 0,
            "state": {"running": {}},
        }
    ]
    for each in ahead:
        admin(
            "PATCH",
            f"{path_of(each)}/status",
            {"status": {"phase": "Running", "containerStatuses": statuses}},
        )
    until(lambda: all(gone_or_going(admin, each) for each in (lonely, held)))
    until(lambda: "madang.dev/handoff" in admin("GET", path_of(served))["metadata"]["labels"])
    admin("DELETE", NODE)
    for each in (lonely, held, served):
        try:
            admin("DELETE", path_of(each), {"gracePeriodSeconds": 0})
        except walls.Refused as refusal:
            assert refusal.status == 404


def clean_up(admin: Caller) -> None:
    """Nothing is left for the tests that share the API server."""
    admin("DELETE", "api/v1/nodes/staying")
    admin("DELETE", f"apis/apps/v1/namespaces/{CLUB}/deployments/wiki")
    admin("DELETE", f"apis/policy/v1/namespaces/{CLUB}/poddisruptionbudgets/held")
    admin("DELETE", f"api/v1/namespaces/{CLUB}/pods", {"gracePeriodSeconds": 0})
    until(lambda: not pods(admin))


def rights(helm: Helm) -> set[Right]:
    objects = helm.objects({})
    rules = [
        *one(objects, "ClusterRole", "madang-spot-controller")["rules"],
        *one(objects, "Role", "spot-controller")["rules"],
    ]
    return {
        (verb, group, resource)
        for rule in rules
        for verb in rule["verbs"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }


def asked(audit: Path) -> set[Right]:
    """What the handler itself asked for; the tests of the walls speak under its account too."""
    found = set()
    # Its last line may be half written.
    for line in audit.read_text().rpartition("\n")[0].splitlines():
        event = json.loads(line)
        if event.get("userAgent", "").startswith("OpenAPI-Generator"):
            what = event["objectRef"]
            part = f"/{what['subresource']}" if what.get("subresource") else ""
            found.add((event["verb"], what.get("apiGroup", ""), what["resource"] + part))
    return found


def say_ready(admin: Caller, node: str) -> None:
    ready = {"type": "Ready", "status": "True", "lastHeartbeatTime": zulu(datetime.now(UTC))}
    admin("PATCH", f"api/v1/nodes/{node}/status", {"status": {"conditions": [ready]}})
    admin("PATCH", f"api/v1/nodes/{node}", {"spec": {"taints": None}})


def pods(admin: Caller) -> list[JsonMap]:
    items: list[JsonMap] = admin("GET", f"api/v1/namespaces/{CLUB}/pods")["items"]
    return items


def gone_or_going(admin: Caller, each: JsonMap) -> bool:
    left = [it for it in pods(admin) if it["metadata"]["uid"] == each["metadata"]["uid"]]
    return not left or bool(left[0]["metadata"].get("deletionTimestamp"))


def pod(name: str) -> JsonMap:
    metadata = {"name": name, "namespace": CLUB, "labels": {"app": name}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"nodeName": "doomed", **spec()}}


def spec() -> JsonMap:
    container = {
        "name": "app",
        "image": "registry.local/chess/wiki@sha256:" + "c" * 64,
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"memory": "32Mi"}},
    }
    security = {"runAsNonRoot": True, "runAsUser": 10001, "seccompProfile": {"type": "RuntimeDefault"}}
    return {"containers": [container], "securityContext": security}


def budget() -> JsonMap:
    selector = {"matchLabels": {"app": "held"}}
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": "held", "namespace": CLUB},
        "spec": {"minAvailable": 1, "selector": selector},
    }


def deployment() -> JsonMap:
    labels = {"madang.dev/project": "wiki"}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "wiki", "namespace": CLUB, "labels": labels},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": spec()},
        },
    }


def until(look: Callable[[], Any], why: Callable[[], Any] = lambda: "") -> Any:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not (found := look()):
        assert time.monotonic() < deadline, f"waited in vain {why()}"
        time.sleep(0.2)
    return found
