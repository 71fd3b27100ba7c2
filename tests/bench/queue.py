"""`make bench-queue`: a club's first push while another club's twenty wait, on the real queue.

PostgreSQL, the claims, leases and steps are the platform's own; only the cluster is played: a build sleeps as
long as it is told. A wait is measured beside the time until a place is free in the platform's own rows,
by the database's clock, and beside the wait that an oldest-first queue would have meant in the same run.
"""

from __future__ import annotations

import random
import sys
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from statistics import median

from tests.integration.conftest import FOLDER, REDIS_PORT
from tests.integration.postgres import running_postgres
from tests.integration.redis_server import running_redis
from tests.proof import Proof

PLACES = 2
FLOOD = 20
TRIALS = 12
SHORTEST_SECONDS, LONGEST_SECONDS = 3.0, 8.0
# Where the next place is free sooner, the ratio tells of milliseconds.
TELLING_SECONDS = 1.0
GOAL = 1.2
_MOMENTS = ("created_at", "started_at", "finished_at")


@dataclass
class Trace:
    """When each build began and ended."""

    began: dict[int, float] = field(default_factory=dict)
    ended: dict[int, float] = field(default_factory=dict)

    def next_free(self, moment: float) -> float:
        """Seconds from `moment` until a build that ran then ended."""
        running = [build for build, at in self.began.items() if at <= moment]
        return min(self.ended[build] for build in running if self.ended.get(build, 0) > moment) - moment

    def nth_end(self, moment: float, count: int) -> float | None:
        """Seconds until the `count`th end after `moment`."""
        ends = sorted(at for at in self.ended.values() if at > moment)
        return ends[count - 1] - moment if len(ends) >= count else None


@dataclass(frozen=True)
class Trial:
    """One first push: its build, when it came, and how many waited already."""

    build: int
    at: float
    waiting: int


def main() -> int:
    proof = Proof("bench-queue")
    with ExitStack() as stack:
        stack.enter_context(running_postgres(FOLDER))
        stack.enter_context(running_redis(REDIS_PORT))
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        trace, trials, seconds = _run()
    _judge(proof, trace, trials, seconds)
    return 0 if proof.finish() else 1


def _run() -> tuple[Trace, list[Trial], float]:
    """The trials on a queue that is never empty; the seconds that one look at it took."""
    from django.conf import settings
    from django.db import connection
    from portal import cluster
    from portal.builds import queue, running
    from portal.builds.models import Build, BuildState

    from deployer.build import BuildOrder, BuildOutcome
    from tests.integration.portal.scene import WHY, ScriptedCluster, push
    from tests.integration.portal.test_fair_queue import club_of

    dice = random.Random(1)
    trace = Trace()
    done = threading.Event()

    def build(order: BuildOrder, stop: object) -> BuildOutcome:
        trace.began[int(order.build)] = time.monotonic()
        time.sleep(dice.uniform(SHORTEST_SECONDS, LONGEST_SECONDS))
        trace.ended[int(order.build)] = time.monotonic()
        return BuildOutcome("failed", explanation=WHY)

    def work() -> None:
        while not done.is_set():
            for build_id in queue.startable():
                running.run(build_id)
            connection.close()
            time.sleep(0.01)

    script = ScriptedCluster(during_build=build)
    settings.MADANG = settings.MADANG.model_copy(update={"build_concurrency": PLACES})
    cluster.builder = script.builder  # type: ignore[assignment]
    flood = club_of(FLOOD, builds=PLACES)
    newcomers = [club_of(1)[0] for _ in range(TRIALS)]
    workers = [threading.Thread(target=work, daemon=True) for _ in range(PLACES + 1)]
    for worker in workers:
        worker.start()
    trials: list[Trial] = []
    looks: list[float] = []
    waiting = Build.objects.filter(state=BuildState.QUEUED)
    for newcomer in newcomers:
        busy = set(waiting.values_list("project_id", flat=True))
        for project in flood:
            if project.pk not in busy:
                push(project)
        time.sleep(dice.uniform(0.1, LONGEST_SECONDS))
        count = waiting.count()
        pushed = push(newcomer)
        trials.append(Trial(pushed.pk, time.monotonic(), count))
        began = time.monotonic()
        queue.startable()
        looks.append(time.monotonic() - began)
        while pushed.pk not in trace.ended:
            time.sleep(0.01)
    # So that the trace also holds when the older ones got their turns.
    while waiting.exists():
        time.sleep(0.1)
    done.set()
    for worker in workers:
        worker.join()
    rows = Build.objects.exclude(started_at=None).exclude(finished_at=None)
    times = {pk: [at.timestamp() for at in ats] for pk, *ats in rows.values_list("pk", *_MOMENTS)}
    kept = Trace(
        {pk: started for pk, (_, started, _) in times.items()},
        {pk: finished for pk, (*_, finished) in times.items()},
    )
    return kept, [Trial(each.build, times[each.build][0], each.waiting) for each in trials], median(looks)


def _judge(proof: Proof, trace: Trace, trials: list[Trial], look_seconds: float) -> None:
    told = [(trial, trace.next_free(trial.at)) for trial in trials]
    told = [(trial, free) for trial, free in told if free >= TELLING_SECONDS]
    waits = [trace.began[trial.build] - trial.at for trial, _ in told]
    ratios = [wait / free for wait, (_, free) in zip(waits, told, strict=True)]
    proof.add(
        "a club's first push waits for the next free place",
        goal=f"≤ {GOAL} x the time to the next free place, the worst",
        value=round(max(ratios), 3),
        unit="x",
        holds=len(ratios) >= TRIALS // 2 and max(ratios) <= GOAL,
        evidence=f"{len(ratios)} pushes beside {min(t.waiting for t, _ in told)} to "
        f"{max(t.waiting for t, _ in told)} waiting builds of one club; median {median(ratios):.3f} x",
    )
    oldest_first = [
        late / free
        for trial, free in told
        if (late := trace.nth_end(trial.at, trial.waiting + 1)) is not None
    ]
    proof.add(
        "oldest first would have waited (same run)",
        goal=f"more than {GOAL} x, or the fair queue is for nothing",
        value=round(median(oldest_first), 1),
        unit="x",
        holds=median(oldest_first) > GOAL,
        evidence=f"when the last older build got its turn; {len(oldest_first)} pushes",
    )
    proof.add(
        "one look at the queue",
        goal="less than a tenth of the shortest build",
        value=round(look_seconds * 1000, 1),
        unit="ms",
        holds=look_seconds < SHORTEST_SECONDS / 10,
        evidence=f"median of {len(trials)}, {FLOOD} waiting",
    )


if __name__ == "__main__":
    sys.exit(main())
