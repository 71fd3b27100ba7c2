"""`make bench-spot`: what visitors notice of lost nodes, with Madang's handoff and with `kubectl drain`.

python -m tests.bench.spot                    # ten reclaims handed off, three drained
python -m tests.bench.spot --reclaims 100 --at-once 2 --drains 0
python -m tests.bench.spot --reclaims 10 --unprepared 10 --drains 0      # images ahead, and without

Same cluster, same projects (one replica each, on spot nodes alone), same visitors, through the ingress; every
node is really killed at the end of its notice. The drain is what the AWS node termination handler does with
its default settings, by kubectl itself: cordon, evict all pods but those of DaemonSets, each with its grace.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from statistics import median

from localcluster.cloud import client
from localcluster.cloud.record import State
from localcluster.instance import Instance
from tests.e2e.load import Load, LoadResult
from tests.e2e.road import EXAMPLES, PROJECTS, Road, live_host, road
from tests.e2e.staying import Staying, StayResult
from tests.proof import Proof

CLUB = "bench"
VISITED = "visited"
SOURCES = {
    "flask": EXAMPLES / "flask",
    "node": EXAMPLES / "node",
    "docker": EXAMPLES / "dockerfile",
    VISITED: PROJECTS / "visited",
}
CONTROLLER = ("-n", "madang", "deployment/spot-controller")


@dataclass
class Visited:
    """What the visitors of one phase saw, by project."""

    new: dict[str, LoadResult] = field(default_factory=dict)
    kept: dict[str, LoadResult] = field(default_factory=dict)
    long: StayResult = field(default_factory=StayResult)
    sockets: StayResult = field(default_factory=StayResult)


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench-spot", description=__doc__.split("\n\n")[0])
    parser.add_argument("--reclaims", type=int, default=10, help="nodes taken with handoff (default 10)")
    parser.add_argument(
        "--unprepared", type=int, default=0, help="handed off with no image pulled ahead (default 0)"
    )
    parser.add_argument("--drains", type=int, default=3, help="nodes taken with kubectl drain (default 3)")
    parser.add_argument(
        "--notice", type=float, default=60, help="seconds between notice and end (default 60)"
    )
    parser.add_argument("--at-once", type=int, default=1, help="nodes that are taken at one time (default 1)")
    parser.add_argument(
        "--rate", type=int, default=100, help="requests a second of each project (default 100)"
    )
    parser.add_argument("--name", default="bench-spot", help="of the report in .reports (default bench-spot)")
    options = parser.parse_args()
    # Ended early, it still gives back what it took: the node that stays, the controller's replicas.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    proof = Proof(options.name)
    with road(Instance.from_environment()) as on:
        assert on.cluster("up").status == 0
        sign_in(on)
        try:
            with spot_alone(on):
                hosts = {name: live(on, name) for name in SOURCES}
            if options.reclaims:
                handed_off(on, proof, hosts, options, options.reclaims, "handoff")
            if options.unprepared:
                with images_when_needed(on):
                    handed_off(on, proof, hosts, options, options.unprepared, "no images ahead")
            if options.drains:
                drained(on, proof, hosts, options)
        finally:
            holds = proof.finish()
    sys.exit(0 if holds else 1)


@contextmanager
def spot_alone(on: Road) -> Iterator[None]:
    """No project goes to the node that stays: it would stand there from then on, and lose nothing more."""
    staying = on.kubectl("get", "nodes", "-l", "karpenter.sh/capacity-type=on-demand", "-o", "name").split()
    on.kubectl("cordon", *staying)
    try:
        yield
    finally:
        on.kubectl("uncordon", *staying)


def sign_in(on: Road) -> None:
    on.admin("create_club", CLUB, "--name", "Bench club", "--if-missing")
    assert on.sign_in(CLUB).status == 0


def live(on: Road, project: str) -> str:
    """The host name of a project that has just been pushed."""
    folder = on.checkout(SOURCES[project], f"{CLUB}-{project}")
    on.create_project(CLUB, project, folder)
    return live_host(on.student("git", "push", "--force", "madang", "main", cwd=folder, show=True))


@contextmanager
def images_when_needed(on: Road) -> Iterator[None]:
    """The controller pulls no image ahead: the peer of what it does."""
    setting = "MADANG_SPOT_IMAGES_AHEAD"

    def prepares(whether: str) -> None:
        on.kubectl("set", "env", *CONTROLLER, f"{setting}={whether}")
        on.kubectl(*CONTROLLER[:2], "rollout", "status", CONTROLLER[2], "--timeout=180s")

    prepares("false")
    try:
        yield
    finally:
        prepares("true")


def handed_off(
    on: Road, proof: Proof, hosts: dict[str, str], options: argparse.Namespace, times: int, what: str
) -> None:
    print(f"\n  {times} reclaims, {what}", flush=True)
    since = datetime.now(UTC).isoformat()
    seen, taken = under_visitors(on, hosts, options, times, drain=False)
    tell(proof, f"{what}, {len(taken)} nodes lost", seen, hold=True)
    proof.add(
        f"{what}, requests of 60 s",
        goal="0 cut off",
        value=seen.long.failed,
        unit=f"of {seen.long.visits}",
        holds=seen.long.failed == 0 and seen.long.visits > 0,
        evidence=json.dumps(seen.long.failures) if seen.long.failures else "each ended with its answer",
    )
    proof.add(
        f"{what}, websockets",
        goal="none cut off; ended by the app, open again at once",
        value=seen.sockets.failed,
        unit=f"of {sum(seen.sockets.ended.values()) or 3} connections",
        holds=seen.sockets.failed == 0 and seen.sockets.visits > 0,
        evidence=f"{seen.sockets.visits} messages; ended by the app with {seen.sockets.ended or 'nothing'}; "
        f"longest silence {seen.sockets.longest_silence_ms:.0f} ms {seen.sockets.failures or ''}",
    )
    told = json.loads(on.admin("interruptions", "--json", "--limit", "500", "--since", since))
    gap = max((each["longest_gap_seconds"] or 0 for each in told), default=0.0)
    moved = sum(each["moved"] for each in told)
    proof.add(
        f"{what}, the portal's own records",
        goal=f"{len(taken)} interruptions, no gap",
        value=gap,
        unit="s longest gap",
        holds=len(told) == len(taken) and gap == 0 and moved * options.at_once >= len(taken),
        evidence=f"{len(told)} records, {moved} of {sum(each['pods'] for each in told)} pods moved",
    )
    times_of, of_visited = replacements(on, [each["id"] for each in told])
    proof.add(
        f"{what}, from the first step to a ready replacement",
        goal="the long requests' and websockets' project moves too",
        value=median(times_of) if times_of else 0.0,
        unit="s median",
        holds=of_visited > 0,
        evidence=f"{len(times_of)} pods of projects, {of_visited} of them {VISITED}; "
        f"longest {max(times_of, default=0.0):.1f} s",
    )


def replacements(on: Road, interruptions: list[str]) -> tuple[list[float], int]:
    """Seconds that each project's pod waited for its replacement; how many were of `visited`."""
    seconds, of_visited = [], 0
    for each in interruptions:
        for pod in json.loads(on.admin("interruptions", "show", each, "--json"))["pods"]:
            if pod["project"] and pod["detached_at"] and pod["ready_at"]:
                began, ready = (datetime.fromisoformat(pod[step]) for step in ("detached_at", "ready_at"))
                seconds.append((ready - began).total_seconds())
                of_visited += pod["project"] == VISITED
    return seconds, of_visited


def drained(on: Road, proof: Proof, hosts: dict[str, str], options: argparse.Namespace) -> None:
    print(f"\n  {options.drains} reclaims, drained", flush=True)
    on.kubectl("scale", *CONTROLLER, "--replicas=0")
    on.wait_for(
        lambda: (
            not on.kubectl(
                *CONTROLLER[:2],
                "get",
                "pods",
                "-l",
                "app.kubernetes.io/component=spot-controller",
                "-o",
                "name",
            ).strip()
        )
    )
    try:
        seen, taken = under_visitors(on, hosts, options, options.drains, drain=True)
    finally:
        on.kubectl("scale", *CONTROLLER, "--replicas=2")
        on.kubectl(*CONTROLLER[:2], "rollout", "status", CONTROLLER[2], "--timeout=180s")
    tell(proof, f"kubectl drain, {len(taken)} nodes lost", seen, hold=False)


def under_visitors(
    on: Road, hosts: dict[str, str], options: argparse.Namespace, times: int, *, drain: bool
) -> tuple[Visited, list[str]]:
    """Lose nodes under all visitors at once; what they saw, and the instances that went."""
    port, seen = on.instance.ports.http, Visited()
    plain = {name: host for name, host in hosts.items() if name != VISITED}
    with spot_alone(on), ExitStack() as stack:
        loads = {
            (name, mode): stack.enter_context(Load(host, port, rate=max(options.rate // 2, 1), mode=mode))
            for name, host in plain.items()
            for mode in ("new", "kept")
        }
        long = stack.enter_context(Staying(hosts[VISITED], port, "long"))
        sockets = stack.enter_context(Staying(hosts[VISITED], port, "socket"))
        time.sleep(3)
        taken = lose(on, list(hosts), times, options, drain=drain)
        time.sleep(5)
    for (name, mode), load in loads.items():
        assert load.result is not None
        (seen.new if mode == "new" else seen.kept)[name] = load.result
    assert long.result is not None and sockets.result is not None
    seen.long, seen.sockets = long.result, sockets.result
    return seen, taken


def lose(on: Road, projects: list[str], times: int, options: argparse.Namespace, *, drain: bool) -> list[str]:
    """One round after the other: nodes that carry projects get a notice, are emptied, killed and replaced."""
    taken: list[str] = []
    while len(taken) < times:
        began = time.monotonic()
        doomed = choose(on, projects, len(taken), min(options.at_once, times - len(taken)))
        leaving = [client.request_reclaim(on.instance, node, options.notice) for node in doomed]
        if drain:
            for node in doomed:
                words = (
                    "--ignore-daemonsets",
                    "--delete-emptydir-data",
                    "--force",
                    f"--timeout={options.notice:.0f}s",
                )
                on.kubectl("drain", node, *words)
        for each in leaving:
            replaced = client.follow_replacement(on.instance, each, lambda line: None)
            assert replaced is not None and replaced.state is State.RUNNING
            taken.append(each.instance_id)
        # Until its agent reads, a new node hears no notice: it is not called back again before.
        on.kubectl("-n", "madang-spot", "rollout", "status", "daemonset/spot-agent", "--timeout=300s")
        print(
            f"    {len(taken)}: {', '.join(doomed)} lost and replaced, {time.monotonic() - began:.0f} s",
            flush=True,
        )
    return taken


def choose(on: Road, projects: list[str], turn: int, count: int) -> list[str]:
    """Spot nodes, the one under the project whose turn it is first."""
    # As the cluster says, not as this process was set up: a node that carries nothing proves nothing.
    found = on.kubectl("get", "nodes", "-l", "karpenter.sh/capacity-type=spot", "-o", "name").split()
    spot = [name.removeprefix("node/") for name in found]
    places = [on.node_of(CLUB, projects[(turn + more) % len(projects)]) for more in range(len(projects))]
    wanted = [place for place in places if place in spot]
    assert wanted, f"no project stands on a spot node: {places}"
    return list(dict.fromkeys([*wanted, *spot]))[:count]


def tell(proof: Proof, what: str, seen: Visited, *, hold: bool) -> None:
    """A row for each kind of connection; a drain's rows are the peer, and hold by being measured."""
    for title, results in (("new connections", seen.new), ("kept-alive connections", seen.kept)):
        requests = sum(each.requests for each in results.values())
        failed = sum(each.failed for each in results.values())
        failures = sum((Counter(each.failures) for each in results.values()), Counter[str]())
        minutes = sum((Counter(each.failed_at) for each in results.values()), Counter[str]())
        failing = f"{dict(failures)}, by minute {dict(minutes)}" if failures else ""
        gap = max(each.longest_gap_ms for each in results.values())
        proof.add(
            f"{what}, {title}",
            goal="0 failed requests" if hold else "the peer",
            value=failed,
            unit=f"of {requests}",
            holds=requests > 0 and (failed == 0 or not hold),
            evidence=f"{len(results)} projects; longest gap {gap:.0f} ms, p99 "
            f"{max(each.p99_ms for each in results.values()):.0f} ms {failing}".rstrip(),
        )


if __name__ == "__main__":
    main()
