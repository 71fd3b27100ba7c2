"""One worker's time with one halt: the copies to zero, or the live release back as it was."""

from __future__ import annotations

import logging
from functools import partial

from django.db import connection

from deployer.errors import DeployerError, Explanation
from deployer.rollout import RolloutOutcome
from portal import cluster
from portal.builds.masking import Masker
from portal.builds.trouble import BROKEN
from portal.clubs.selectors import suspended
from portal.encryption import decrypt_config
from portal.environment import environment
from portal.leases.holding import hand_back, held, put_off, renew
from portal.leases.keeper import Keeper, new_owner
from portal.leases.model import Lease, LeaseLost
from portal.leases.shutdown import stopping
from portal.leases.working import work_under
from portal.nudge import nudge_halt
from portal.projects.models import Project
from portal.releases import halts
from portal.releases.models import Halt, Release
from portal.releases.ordering import order_of, spec_of
from portal.releases.running import take_away_if_deleted, teller
from portal.releases.steps import live_release

logger = logging.getLogger(__name__)


def run(halt_id: int) -> None:
    """Works on the halt if there is something to do. Never raises for what another worker can do over."""
    claim = halts.claim(halt_id, new_owner())
    if claim is None:
        return
    lease = claim.lease
    project = Project.objects.select_related("club").filter(halt=halt_id).first()
    if project is None:  # deleted at this very moment
        return
    held_on = work_under(
        lease,
        what="halt",
        work=partial(_work, claim, project),
        renew=partial(_renew, claim, project),
        put_off=partial(_put_off, lease, BROKEN),
    )
    if not held_on:
        take_away_if_deleted(project.club.slug, project.slug)


def _work(claim: halts.Claim, project: Project, keeper: Keeper) -> None:
    lease = claim.lease
    try:
        live = live_release(project.pk)
        renew(Halt, lease)
        if claim.stops:
            _stop(lease, project, live)
            halts.stopped(lease)
        elif live is None:
            halts.over(lease)
        else:
            _settle(lease, keeper, _start(lease, keeper, live))
    except DeployerError as error:
        _put_off(lease, error.explanation)


def _stop(lease: Lease, project: Project, live: Release | None) -> None:
    rollouts = cluster.rollouts()
    if live is not None:
        rollouts.halt(order_of(live, lease.fence))
    else:
        # Of a first release that was on its way, nothing may run.
        rollouts.remove_project(project.club.slug, project.slug)


def _start(lease: Lease, keeper: Keeper, live: Release) -> RolloutOutcome:
    """The live release's own order, whatever was set since: nothing is different from before."""
    rollouts, order = cluster.rollouts(), order_of(live, lease.fence)
    rollouts.ensure_club(spec_of(live.project.club))
    renew(Halt, lease)
    rollouts.apply(order)
    connection.close()
    masker = Masker(decrypt_config(live.encrypted_config).values(), environment().log_line_bytes)
    outcome = rollouts.follow(order, teller(masker, partial(halts.tell, lease)), keeper.should_stop)
    if outcome.state == "failed":
        # Whenever its copies do come up, visitors come by themselves.
        rollouts.lead(order)
    return outcome


def _settle(lease: Lease, keeper: Keeper, outcome: RolloutOutcome) -> None:
    if outcome.state in ("live", "failed"):
        # It failed as it would have without a halt: the prober tells why.
        halts.over(lease)
    elif outcome.state in ("lost", "superseded"):
        _put_off(lease, outcome.explanation or BROKEN)
    elif keeper.lost:
        raise LeaseLost
    elif keeper.asked:
        halts.give_back(lease)
        nudge_halt(lease.id)
    elif stopping.is_set() and hand_back(Halt, lease):
        nudge_halt(lease.id)


def _renew(claim: halts.Claim, project: Project) -> str:
    """Suspended again, a project need not come back first."""
    asked = renew(Halt, claim.lease)
    if not claim.stops and Project.objects.filter(suspended(), pk=project.pk).exists():
        return "suspended"
    return asked


def _put_off(lease: Lease, trouble: Explanation) -> None:
    """Never given up: until it is done, cluster and database disagree."""
    logger.warning("halt put off", extra={"halt": lease.id, "explanation": trouble.to_dict()})
    row = held(Halt, lease).first()
    if row is None:
        raise LeaseLost
    held(Halt, lease).update(**put_off(row.failures))
