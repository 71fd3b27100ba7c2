"""One worker's time with a drill: from the claim to its end, or to the next worker."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import partial

from django.db import connection
from django.utils import timezone

from deployer.errors import DeployerError, Explanation, TemporaryError
from portal import cluster
from portal.drills import ending, queue, steps
from portal.drills.choosing import chosen, met
from portal.drills.models import Drill, DrillProject, DrillState
from portal.drills.prober import Prober, Target
from portal.drills.providers import DrillOrder, Provider, provider
from portal.drills.tally import Tally
from portal.environment import environment
from portal.leases.holding import hand_back, renew, worn_out
from portal.leases.keeper import Keeper, new_owner
from portal.leases.model import Lease, LeaseLost
from portal.leases.shutdown import stopping
from portal.leases.working import work_under
from portal.nudge import nudge_drill

BEFORE_SECONDS, BEFORE_MOST_SECONDS = 3.0, 15.0
WRITE_SECONDS = 5.0
_LOOK_SECONDS = 0.5

NODE_GONE = Explanation(
    "node-changed",
    "The node is not there any more, or goes already.",
    "",
    "Choose another node on the fleet's page.",
)
NOBODY = Explanation("drills-off", "Drills were turned off meanwhile.", "", "Set MADANG_DRILLS.")
WORKERS_DIED = Explanation(
    "worker-died", "The drill's worker died each time.", "", "Look at the log of worker-default."
)
BROKEN = Explanation("internal-error", "The platform made a mistake of its own.", "", "Look at its log.")


def run(drill_id: int) -> None:
    """Works on the drill if nobody else does. Never raises for what another worker can do over."""
    lease = queue.claim(drill_id, new_owner())
    if lease is None:
        return
    work_under(
        lease,
        what="drill",
        work=partial(_work, lease),
        renew=partial(renew, Drill, lease),
        put_off=partial(steps.retry, lease, BROKEN),
    )


def _work(lease: Lease, keeper: Keeper) -> None:
    drill = Drill.objects.get(pk=lease.id)
    cloud = provider()
    try:
        if cloud is None:
            steps.fail(lease, NOBODY)
        elif worn_out(drill):
            steps.fail(lease, WORKERS_DIED)
        elif not _drill(lease, keeper, drill, cloud):
            _handed_on(lease, keeper)
    except TemporaryError as error:
        steps.retry(lease, error.explanation)
    except DeployerError as error:
        steps.fail(lease, error.explanation)


def _drill(lease: Lease, keeper: Keeper, drill: Drill, cloud: Provider) -> bool:
    """False: this worker was told to stop before the end."""
    rows = _rows(lease, drill)
    if rows is None:
        return True
    origin = time.monotonic()
    if drill.ordered_at is not None:
        now = timezone.now()
        origin -= (now - drill.ordered_at).total_seconds()
        steps.resume(lease, (now - (drill.watched_at or drill.ordered_at)).total_seconds())
    targets = [Target(row.pk, row.hostname, row.path) for row in rows]
    prober = Prober(environment().ingress_probe_url, targets, origin)
    with prober:
        if drill.state != DrillState.WATCHING and not _order(lease, keeper, drill, cloud, prober):
            return False
        over = _watch(lease, keeper, {row.pk: row for row in rows}, prober)
    if keeper.lost:
        raise LeaseLost
    steps.write(lease, {row.pk: row for row in rows}, prober.tallies(ended=True))
    if over is None:
        return False
    steps.finish(lease, over.interruption, over.explanation)
    ending.clean(cloud, lease.id)
    return True


def _rows(lease: Lease, drill: Drill) -> list[DrillProject] | None:
    """Whom to ask; None: the node is not what it was, and the drill ends."""
    if drill.state != DrillState.PENDING:
        return list(drill.projects.all())
    fleet = cluster.read_fleet()
    node = chosen(fleet, drill.node)
    if node is None or node.instance_id != drill.instance_id:
        steps.fail(lease, NODE_GONE)
        return None
    return steps.choose(lease, met(fleet, drill.node))


def _order(lease: Lease, keeper: Keeper, drill: Drill, cloud: Provider, prober: Prober) -> bool:
    if drill.state == DrillState.PENDING:
        before = _before(keeper, prober)
        if before is None:
            return False
        steps.order(lease, [key for key, tally in before.items() if tally.requests > tally.failures])
        prober.move_origin(time.monotonic())
    ordered = cloud.interrupt(DrillOrder(drill.pk, drill.node, drill.instance_id, drill.zone))
    steps.watch(lease, ordered)
    return True


def _before(keeper: Keeper, prober: Prober) -> Mapping[int, Tally] | None:
    """What the projects answer while the node stands; None: this worker was told to stop."""
    until = time.monotonic() + BEFORE_MOST_SECONDS
    while _wait(keeper, BEFORE_SECONDS):
        tallies = prober.tallies(settled_after_seconds=0)
        # On a busy machine even the first answer may take its time.
        if all(tally.requests for tally in tallies.values()) or time.monotonic() > until:
            return tallies
    return None


def _watch(
    lease: Lease, keeper: Keeper, before: dict[int, DrillProject], prober: Prober
) -> ending.Over | None:
    """How it ended; None: this worker was told to stop."""
    while True:
        if not _wait(keeper, WRITE_SECONDS):
            return None
        steps.write(lease, before, prober.tallies())
        if over := ending.over(Drill.objects.get(pk=lease.id), timezone.now()):
            return over


def _wait(keeper: Keeper, seconds: float) -> bool:
    """False: this worker shall stop."""
    # Back to the pool: most of the time a drill needs no connection.
    connection.close()
    until = time.monotonic() + seconds
    while not keeper.should_stop():
        if time.monotonic() >= until:
            return True
        time.sleep(_LOOK_SECONDS)
    return False


def _handed_on(lease: Lease, keeper: Keeper) -> None:
    if keeper.lost:
        raise LeaseLost
    if stopping.is_set() and hand_back(Drill, lease):
        nudge_drill(lease.id)
