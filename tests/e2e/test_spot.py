"""Half of the spot nodes are called back at once, one of them under a build, the other under visitors."""

from __future__ import annotations

import json
import threading

import pytest

from localcluster.cloud import client
from localcluster.cloud.record import State
from tests.bench.spot import CLUB, live, sign_in
from tests.e2e.load import Load
from tests.e2e.road import EXAMPLES, Done, Road

pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("lost nodes")]

NOTICE_SECONDS = 60


def test_a_build_and_visitors_survive_the_loss_of_their_nodes(platform: Road) -> None:
    on = platform
    sign_in(on)
    host = live(on, "flask")
    pushed: list[Done] = []
    folder = on.checkout(EXAMPLES / "node", "moving")
    on.create_project(CLUB, "moving", folder)

    def push() -> None:
        pushed.append(on.student("git", "push", "--force", "madang", "main", cwd=folder, show=True))

    pushing = threading.Thread(target=push)
    with Load(host, on.instance.ports.http) as new, Load(host, on.instance.ports.http, mode="kept") as kept:
        pushing.start()
        seen: list[str | None] = []

        def builds_or_has_ended() -> bool:
            # Looked at once: a moment later the build may have ended.
            seen.append(build_node(on))
            return seen[-1] is not None or not pushing.is_alive()

        on.wait_for(builds_or_has_ended)
        under_build = seen[-1]
        assert under_build is not None, pushed
        spot = [node.name for node in on.instance.nodes if node.name.startswith("spot")]
        doomed = list(dict.fromkeys([under_build, on.node_of(CLUB, "flask"), *spot]))
        doomed = [node for node in doomed if node in spot][:2]
        leaving = [client.request_reclaim(on.instance, node, NOTICE_SECONDS) for node in doomed]
        for each in leaving:
            replaced = client.follow_replacement(on.instance, each, print)
            assert replaced is not None and replaced.state is State.RUNNING
        pushing.join()
    assert pushed[0].status == 0, pushed[0].output
    assert "The node of this build is being reclaimed" in pushed[0].output
    for load in (new.result, kept.result):
        assert load is not None and load.failed == 0, load
        assert load.requests > 0
    # The replacements take pods once their agents are at work; until then they carry a taint too.
    on.wait_for(lambda: left_behind(on) == [])
    records = json.loads(on.admin("interruptions", "--json", "--limit", "2"))
    assert sorted(each["node"] for each in records) == sorted(doomed)
    assert {each["state"] for each in records} == {"gone"}


def build_node(on: Road) -> str | None:
    """The spot node on which a build's pod runs."""
    for pod in json.loads(on.kubectl("-n", "madang-builds", "get", "pods", "-o", "json"))["items"]:
        node = pod["spec"].get("nodeName", "")
        if pod["status"]["phase"] == "Running" and node.startswith("spot"):
            return str(node)
    return None


def left_behind(on: Road) -> list[str]:
    """Detached pods, fences around nodes that are not called back, and nodes that nobody has opened yet."""
    detached = json.loads(on.kubectl("get", "pods", "-A", "-l", "madang.dev/handoff", "-o", "json"))["items"]
    nodes = json.loads(on.kubectl("get", "nodes", "-o", "json"))["items"]
    fenced = [
        node["metadata"]["name"]
        for node in nodes
        for taint in node["spec"].get("taints", [])
        if taint["key"].startswith("madang.dev/")
    ]
    return [*(pod["metadata"]["name"] for pod in detached), *fenced]
