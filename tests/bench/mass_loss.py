"""Half of a fleet called back at once: how soon each node is fenced, and what the API server is asked.

make bench-loss                          # 50 nodes, 500 pods in 50 namespaces, 25 notices at once
make bench-loss ARGS="--namespaces 1"    # the same pods in one namespace

A real API server, controller-manager and scheduler; the nodes are objects and their kubelets are played.
Beside the handler's figures stand those of the least that would do: to receive a notice and send one PATCH,
and to send the same PATCHes to as many pods as fast as the same client can.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import threading
import time
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from spot import doomed_node, names, pods
from spot.handoff.steps import detached
from spot.interruption import begin
from spot.kube.kinds import CONFIG_MAPS, KINDS
from spot.sources.annotation import encode, notices
from spot.sources.seen import InstanceAction, Seen
from tests.bench.fleet import AT_ONCE, SOLE, Fleet, Observer, connect, running_kubelets
from tests.integration.apiserver import running_control_plane
from tests.integration.spot.controllers import running_controller
from tests.integration.spot.played_portal import PlayedPortal, running_portal
from tests.integration.spot.stage import HANDLER, eventually
from tests.proof import Proof

JsonMap = dict[str, Any]
METRICS_PORT = 19098
MOST_REQUESTS = 12
RECORDS = {"labelSelector": f"{names.RECORD}=true"}


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench-loss", description=__doc__.split("\n\n")[0])
    parser.add_argument("--nodes", type=int, default=50, help="half of them are lost (default 50)")
    parser.add_argument("--pods", type=int, default=500, help="default 500")
    parser.add_argument("--namespaces", type=int, default=50, help="default 50")
    options = parser.parse_args()
    proof = Proof("mass-loss" if options.namespaces > 1 else "mass-loss-one-namespace")
    with running_control_plane(scheduler=True) as plane, running_portal() as portal:
        connection = connect(plane.kubeconfig)
        home = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": HANDLER}}
        connection.call("POST", "/api/v1/namespaces", body=home)
        fleet = Fleet(connection, [f"club-{number}" for number in range(options.namespaces)])
        with running_kubelets(plane.kubeconfig):
            fleet.build(options.nodes, options.pods)
            print(
                f"\n  {options.nodes} nodes, {options.pods} pods in {options.namespaces} namespaces",
                flush=True,
            )
            observer = Observer(plane.kubeconfig)
            bare = bare_fences(fleet, observer, plane.kubeconfig)
            observer.forget()
            handled(proof, fleet, observer, plane.kubeconfig, portal, bare)
    sys.exit(0 if proof.finish() else 1)


def handled(
    proof: Proof, fleet: Fleet, observer: Observer, kubeconfig: Path, portal: PlayedPortal, bare: list[float]
) -> None:
    """Pool a goes; pool b stays, and is what the same PATCHes are sent to afterwards."""
    doomed = fleet.pools["a"]
    leaving = [pod for pod in fleet.pods() if pods.node(pod) in doomed]
    with running_controller(kubeconfig, portal, MADANG_SPOT_CONTROLLER_PORT=str(METRICS_PORT)) as process:
        eventually(lambda: metric("madang_spot_leader") == 1, "a leader")
        asked, spent = requests(), processor_seconds(process.pid)
        began = time.monotonic()
        tell(fleet, "a")
        eventually(lambda: len(observer.fenced) == len(doomed), "every fence")
        eventually(lambda: all(is_clear(node) for node in fleet.nodes("a")), "every node clear")
        clear_seconds = time.monotonic() - began
        asked, spent = requests() - asked, processor_seconds(process.pid) - spent
        detaches = dict(observer.detached)
        for node in doomed:
            fleet.connection.call("DELETE", KINDS["Node"].path(None, node))
        eventually(
            lambda: not fleet.connection.call("GET", CONFIG_MAPS.path(HANDLER), query=RECORDS)["items"]
        )
    add_fences(proof, observer.latencies_ms(doomed), bare)
    handler_rate = observer.rate()
    observer.forget()
    raw_rate = raw_patches(fleet, observer, kubeconfig, len(detaches))
    proof.add(
        "pods detached a second, against the raw rate",
        goal=">= 0.5x",
        value=handler_rate / raw_rate,
        unit="x",
        holds=handler_rate / raw_rate >= 0.5,
        evidence=f"{handler_rate:.0f} against {raw_rate:.0f} a second, {len(detaches)} pods, "
        f"{AT_ONCE} requests at a time",
    )
    proof.add(
        "requests to the API server for each pod that left",
        goal=f"<= {MOST_REQUESTS}",
        value=asked.total() / len(leaving),
        holds=asked.total() / len(leaving) <= MOST_REQUESTS,
        evidence=f"{asked.total():.0f} for {len(leaving)} pods: {dict(asked.most_common())}; "
        f"{spent:.1f} s of processor in {clear_seconds:.1f} s",
    )
    stood = {pods.key(pod): pods.node(pod) for pod in leaving}
    add_order(proof, fleet, {key: (stood.get(key, ""), at) for key, at in detaches.items()})
    records = list(portal.records.values())
    told = [pod for record in records for pod in record["pods"]]
    gaps = [pod["gap_seconds"] or 0 for pod in told]
    proof.add(
        "time in which a Deployment had nobody serving",
        goal="0 s",
        value=sum(gaps),
        unit="s",
        holds=len(records) == len(doomed) and len(told) >= len(leaving) and not any(gaps),
        evidence=f"{len(records)} records, {len(told)} pods, "
        f"{sum(pod['state'] == 'retired' for pod in told)} retired; all clear after {clear_seconds:.1f} s",
    )


def add_fences(proof: Proof, handler: list[float], bare: list[float]) -> None:
    """One row for each quantile: the notice as another watcher sees it, and the fence as it sees that."""
    for name, place in (("p50", 0.5), ("p99", 0.99)):
        mine, least = (each[round(place * (len(each) - 1))] for each in (handler, bare))
        proof.add(
            f"notice to fence, {name}, against receive and PATCH alone",
            goal="<= 5x",
            value=mine / least,
            unit="x",
            holds=mine / least <= 5,
            evidence=f"{mine:.0f} ms against {least:.0f} ms, {len(handler)} nodes at once",
        )


def add_order(proof: Proof, fleet: Fleet, detaches: dict[tuple[str, str], tuple[str, float]]) -> None:
    """Of all pairs of a sole replica and another pod of its node: in how many the sole replica was first."""
    sole: list[tuple[str, float]] = []
    others: list[tuple[str, float]] = []
    for (_, pod), stood in detaches.items():
        (sole if fleet.replicas[pod.rsplit("-", 2)[0]] == SOLE else others).append(stood)
    pairs = [(one, other) for one in sole for other in others]
    mates = [one[1] < other[1] for one, other in pairs if one[0] == other[0]]
    overall = 100 * sum(one[1] < other[1] for one, other in pairs) / max(len(pairs), 1)
    first = sum(mates) / max(len(mates), 1)
    proof.add(
        "sole replicas before the others of their node",
        goal=">= 90 % of pairs",
        value=100 * first,
        unit="%",
        holds=first >= 0.9,
        evidence=f"{len(sole)} sole replicas, {len(others)} others; {overall:.0f} % of pairs of all nodes, "
        "whose fences came one after the other",
    )


def bare_fences(fleet: Fleet, observer: Observer, kubeconfig: Path) -> list[float]:
    """Pool b is told, fenced by the least that would do it, and freed again."""
    pool = ThreadPoolExecutor(AT_ONCE)
    connection = connect(kubeconfig)
    left = set(fleet.pools["b"])

    def fence(node: JsonMap) -> None:
        now = datetime.now(UTC)
        (notice,) = notices(pods.notes(node)[names.METADATA], node["metadata"]["name"], now)
        patch = doomed_node.fence(node, begin(notice), moves=True, now=now)
        connection.call("PATCH", KINDS["Node"].path(None, node["metadata"]["name"]), body=patch)

    def receive() -> None:
        query = {"resourceVersion": version}
        for _, node in connection.watch("/api/v1/nodes", query=query, quiet_seconds=600):
            if node["metadata"]["name"] in left and names.METADATA in pods.notes(node):
                left.discard(node["metadata"]["name"])
                pool.submit(fence, node)
            if not left:
                return

    version = connection.call("GET", "/api/v1/nodes")["metadata"]["resourceVersion"]
    threading.Thread(target=receive, daemon=True).start()
    tell(fleet, "b")
    eventually(lambda: len(observer.fenced) == len(fleet.pools["b"]), "every bare fence")
    found = observer.latencies_ms(fleet.pools["b"])
    for node in fleet.nodes("b"):
        patch = doomed_node.unfence(node)
        patch["metadata"]["annotations"] |= {names.METADATA: None, names.ENDED: None}
        connection.call("PATCH", KINDS["Node"].path(None, node["metadata"]["name"]), body=patch)
    pool.shutdown()
    return found


def raw_patches(fleet: Fleet, observer: Observer, kubeconfig: Path, count: int) -> float:
    """The rate at which the same PATCHes reach as many pods, each prepared beforehand."""
    connection, now = connect(kubeconfig), datetime.now(UTC)
    serving = [pod for pod in fleet.pods() if names.HASH in pods.labels(pod) and pods.is_ready(pod)][:count]
    bodies = []
    for pod in serving:
        group = SimpleNamespace(deployment=pods.key(pod), uid=pods.uid(pod))
        stands = cast("Any", SimpleNamespace(key=pods.key(pod), raw=pod, group=group))
        seen = {"uid": pods.uid(pod), "resourceVersion": pod["metadata"]["resourceVersion"]}
        body = {"metadata": {**seen, **detached(stands, "int-raw", now, now)}}
        bodies.append((KINDS["Pod"].path(*pods.key(pod)), body))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda each: connection.call("PATCH", each[0], body=each[1]), bodies))
    eventually(lambda: len(observer.detached) >= len(bodies), "every raw PATCH")
    return observer.rate()


def tell(fleet: Fleet, pool: str) -> None:
    """Every node's agent writes its notice, all in one moment."""
    now = datetime.now(UTC)
    spot = InstanceAction(action="terminate", time=now + timedelta(seconds=120), seen_at=now)

    def annotate(node: str) -> None:
        said = encode(Seen(instance_id=fleet.instances[node], spot=spot))
        body = {"metadata": {"annotations": {names.METADATA: said}}}
        fleet.connection.call("PATCH", KINDS["Node"].path(None, node), body=body)

    with ThreadPoolExecutor(AT_ONCE) as workers:
        list(workers.map(annotate, fleet.pools[pool]))


def is_clear(node: JsonMap) -> bool:
    state = doomed_node.read(node)
    return state is not None and state.clear_at is not None


def metrics() -> str:
    try:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"http://127.0.0.1:{METRICS_PORT}/metrics", timeout=10) as answer:
            return str(answer.read().decode())
    except OSError:
        return ""


def metric(name: str) -> float:
    found = re.search(rf"^{name} (\S+)$", metrics(), re.MULTILINE)
    return float(found.group(1)) if found else 0.0


def requests() -> Counter[str]:
    """Of the controller since it started, by verb and answer."""
    line = re.compile(r'^madang_spot_api_requests_total\{code="(\w+)",verb="(\w+)"\} (\S+)$', re.MULTILINE)
    return Counter({f"{verb} {code}": round(float(count)) for code, verb, count in line.findall(metrics())})


def processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
