"""One worker's time with one build: from the claim to a terminal state, or to the next worker."""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import partial

from django.db import connection

from deployer.build import Builder, BuildOrder, BuildOutcome, LogLine
from deployer.errors import Explanation, PermanentError, TemporaryError, UserError
from portal import cluster
from portal.builds import queue, steps
from portal.builds.cancelling import why_stopped
from portal.builds.cleaning import clean, clean_again
from portal.builds.log import Line
from portal.builds.masking import Masker
from portal.builds.models import Build, BuildState
from portal.builds.ordering import order_of
from portal.builds.trouble import BROKEN, WORKERS_DIED, gave_up
from portal.builds.writer import LogWriter
from portal.clubs.models.suspension import SUSPENDED
from portal.environment import environment
from portal.leases.holding import hand_back, renew, worn_out
from portal.leases.keeper import Keeper, new_owner
from portal.leases.model import Lease, LeaseLost
from portal.leases.shutdown import stopping
from portal.leases.working import work_under
from portal.nudge import nudge_build, nudge_waiting_builds
from portal.projects.selectors import config
from portal.registry.size import require_size
from portal.registry.space import require_space

logger = logging.getLogger(__name__)

MOST_LINES = 50_000


def run(build_id: int) -> None:
    """Works on the build if it is its turn. Never raises for what another worker can do over."""
    lease = queue.claim(build_id, new_owner())
    if lease is None:
        return
    nudge_waiting_builds()
    held_on = work_under(
        lease,
        what="build",
        work=partial(_work, lease),
        renew=partial(renew, Build, lease),
        put_off=partial(steps.retry, lease, BROKEN, machine_lost=False),
    )
    if held_on:
        clean(build_id)
    else:
        clean_again(build_id)


def _work(lease: Lease, keeper: Keeper) -> None:
    build = steps.begin(lease)
    masker = Masker(config(build.project).values(), environment().log_line_bytes)
    try:
        order, builder = order_of(build), cluster.builder()
        if build.stop_requested or worn_out(build):
            builder.cancel(order)
            _give_up(lease, build)
            return
        if build.attempt == 1 and not build.takeovers:
            require_space(build)
        outcome = _follow(lease, keeper, build, order, builder, masker)
        if outcome.state == "stopped":
            _stopped(lease, keeper, build, order, builder)
        else:
            _settle(lease, build, outcome, masker)
    except TemporaryError as error:
        steps.retry(lease, masked(error.explanation, masker), machine_lost=False)
    except (UserError, PermanentError) as error:
        if isinstance(error, PermanentError):
            logger.error("build ended by the platform", extra={"explanation": error.explanation.to_dict()})
        # Suspended in between, nobody's build has failed.
        suspended = error.explanation.reason == SUSPENDED
        state = BuildState.CANCELLED if suspended else BuildState.FAILED
        steps.end(lease, state, masked(error.explanation, masker))


def _give_up(lease: Lease, build: Build) -> None:
    if build.stop_requested:
        steps.end(lease, BuildState.CANCELLED, why_stopped(build))
    else:
        steps.end(lease, BuildState.FAILED, gave_up(WORKERS_DIED, build.takeovers))


def _follow(
    lease: Lease, keeper: Keeper, build: Build, order: BuildOrder, builder: Builder, masker: Masker
) -> BuildOutcome:
    # Back to the pool: this thread waits for minutes now.
    connection.close()
    builder.start(order)
    with LogWriter(
        lambda lines: steps.write_lines(lease, lines), lost=keeper.give_up, most_lines=MOST_LINES
    ) as writer:

        def log(line: LogLine) -> None:
            writer.add(Line(line.kind, masker.line(line.text), line.at))

        return builder.follow(order, build.log_since, log, keeper.should_stop)


def _settle(lease: Lease, build: Build, outcome: BuildOutcome, masker: Masker) -> None:
    if outcome.state == "succeeded" and outcome.digest:
        require_size(build, outcome.digest)
        steps.succeed(lease, outcome.digest)
        return
    why = masked(outcome.explanation or _unexplained(outcome.state), masker)
    if outcome.state == "failed":
        steps.end(lease, BuildState.FAILED, why)
    elif outcome.node_lost:
        steps.begin_elsewhere(lease, why)
    else:
        # Also "cancelled", as nobody asked for that: the Job was taken away, by whomever.
        steps.retry(lease, why, machine_lost=True)


def _stopped(lease: Lease, keeper: Keeper, build: Build, order: BuildOrder, builder: Builder) -> None:
    if keeper.lost:
        raise LeaseLost
    if keeper.asked:
        builder.cancel(order)
        steps.end(lease, BuildState.CANCELLED, why_stopped(build))
    elif stopping.is_set() and hand_back(Build, lease):
        nudge_build(lease.id)


def _unexplained(state: str) -> Explanation:
    return Explanation(
        f"build-{state}", "The machine that built this was lost.", "", "Nothing is to be done."
    )


def masked(explanation: Explanation, masker: Masker) -> Explanation:
    """An explanation quotes logs, and logs may quote secrets, or hold what PostgreSQL refuses."""
    return replace(
        explanation,
        what=masker.text(explanation.what),
        evidence=masker.text(explanation.evidence),
        next=masker.text(explanation.next),
    )
