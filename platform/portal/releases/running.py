"""One worker's time with one rollout: from the claim to a terminal state, or to the next worker."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from django.db import connection

from deployer.errors import DeployerError, Explanation, TemporaryError
from deployer.sentence import Sentence
from portal import cluster
from portal.builds.log import Line
from portal.builds.masking import Masker
from portal.builds.running import MOST_LINES, masked
from portal.builds.trouble import BROKEN, WORKERS_DIED, gave_up
from portal.builds.writer import LogWriter
from portal.encryption import decrypt_config
from portal.environment import environment
from portal.leases.holding import hand_back, held, renew, worn_out
from portal.leases.keeper import Keeper, new_owner
from portal.leases.model import Lease, LeaseLost
from portal.leases.shutdown import stopping
from portal.leases.working import work_under
from portal.nudge import nudge_rollout
from portal.projects.selectors import address, find
from portal.releases import queue, steps
from portal.releases.models import Rollout, RolloutState
from portal.releases.ordering import order_of, spec_of

if TYPE_CHECKING:
    from deployer.rollout import AppLine, RolloutOrder, RolloutOutcome, Rollouts

logger = logging.getLogger(__name__)


def run(rollout_id: int) -> None:
    """Works on the rollout if it is its turn. Never raises for what another worker can do over."""
    lease = queue.claim(rollout_id, new_owner())
    if lease is None:
        return
    club, project = Rollout.objects.values_list("project__club__slug", "project__slug").get(pk=rollout_id)
    held_on = work_under(
        lease,
        what="rollout",
        work=partial(_work, lease),
        renew=partial(renew, Rollout, lease),
        put_off=partial(steps.retry, lease, BROKEN),
    )
    if not held_on:
        take_away_if_deleted(club, project)


def _work(lease: Lease, keeper: Keeper) -> None:
    rollout = held(Rollout, lease).select_related("release__project__club").first()
    if rollout is None:
        raise LeaseLost
    # On the way back no log of it is read, and its config may be what was wrong.
    known = rollout.state == RolloutState.RUNNING
    config = decrypt_config(rollout.release.encrypted_config) if known else {}
    masker = Masker(config.values(), environment().log_line_bytes)
    try:
        rollouts = cluster.rollouts()
        if rollout.state == RolloutState.RUNNING:
            if worn_out(rollout):
                steps.begin_undo(lease, gave_up(WORKERS_DIED, rollout.takeovers, built=True))
                _undo(lease, rollout, rollouts)
                return
            outcome = _roll_out(lease, keeper, rollout, rollouts, masker)
            if not _settle(lease, keeper, rollout, outcome, masker):
                return
        _undo(lease, rollout, rollouts)
    except TemporaryError as error:
        steps.retry(lease, masked(error.explanation, masker))
    except DeployerError as error:
        logger.error("rollout refused", extra={"rollout": lease.id, "reason": error.explanation.reason})
        _refused(lease, rollout, masked(error.explanation, masker))


def _roll_out(
    lease: Lease, keeper: Keeper, rollout: Rollout, rollouts: Rollouts, masker: Masker
) -> RolloutOutcome:
    order = order_of(rollout.release, lease.fence)
    rollouts.ensure_club(spec_of(rollout.project.club))

    tell = teller(masker, partial(steps.tell, lease))
    prepared = _prepare(lease, keeper, rollout, rollouts, order, masker, tell)
    if prepared.state != "prepared":
        return prepared
    # The last look before the cluster changes; the cluster compares the fence once more.
    renew(Rollout, lease)
    rollouts.apply(order)
    connection.close()
    return rollouts.follow(order, tell, keeper.should_stop)


def _prepare(
    lease: Lease,
    keeper: Keeper,
    rollout: Rollout,
    rollouts: Rollouts,
    order: RolloutOrder,
    masker: Masker,
    tell: Callable[[Sentence], None],
) -> RolloutOutcome:
    """The release command, which a new release has to survive before anything of the old one changes."""
    renew(Rollout, lease)
    connection.close()
    with LogWriter(
        lambda lines: steps.write_lines(lease, lines), lost=keeper.give_up, most_lines=MOST_LINES
    ) as writer:

        def log(line: AppLine) -> None:
            writer.add(Line("rollout", masker.line(line.text), line.at))

        return rollouts.prepare(order, rollout.log_since, log, tell, keeper.should_stop)


def _settle(lease: Lease, keeper: Keeper, rollout: Rollout, outcome: RolloutOutcome, masker: Masker) -> bool:
    """Writes down how it ended; True if it has to be taken back now."""
    why = masked(outcome.explanation or _unexplained(outcome.state), masker)
    if outcome.state == "live":
        steps.go_live(lease, address(rollout.project))
    elif outcome.state == "failed":
        steps.begin_undo(lease, why)
        return True
    elif outcome.node_lost:
        steps.begin_elsewhere(lease, why)
    elif outcome.state in ("lost", "superseded"):
        # A newer order is another worker's, whose claim took our lease.
        renew(Rollout, lease)
        steps.retry(lease, why)
    elif keeper.lost:
        raise LeaseLost
    elif keeper.asked:
        steps.give_way(lease)
    elif stopping.is_set() and hand_back(Rollout, lease):
        nudge_rollout(lease.id)
    return False


def _undo(lease: Lease, rollout: Rollout, rollouts: Rollouts) -> None:
    """Applies the live release's order again; without one, nothing of the project may run."""
    live = steps.live_release(rollout.project_id)
    renew(Rollout, lease)
    if live is not None:
        rollouts.apply(order_of(live, lease.fence))
    else:
        rollouts.remove_project(rollout.project.club.slug, rollout.project.slug)
    steps.fail(lease)


def _refused(lease: Lease, rollout: Rollout, why: Explanation) -> None:
    """The deployer will not do it: taken back by the next try, as some of it may have been applied."""
    state = held(Rollout, lease).values_list("state", flat=True).first()
    if state == RolloutState.RUNNING:
        steps.begin_undo(lease, why)
    steps.retry(lease, why)


def teller(masker: Masker, note: Callable[[Sentence], None]) -> Callable[[Sentence], None]:
    """Notes how far it is, without secrets."""

    def tell(text: Sentence) -> None:
        note(text.each(masker.line))
        # Back to the pool: most of a rollout is waiting.
        connection.close()

    return tell


def take_away_if_deleted(club: str, project: str) -> None:
    """The project may have been removed while this worker was still telling the cluster about it."""
    if find(club, project) is None:
        cluster.rollouts().remove_project(club, project)


def _unexplained(state: str) -> Explanation:
    return Explanation(f"rollout-{state}", "The cluster could not finish this.", "", "Nothing is to be done.")
