"""What an operator may do with drills."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from deployer.errors import Explanation
from deployer.fleet import FleetNode
from portal.accounts import audit
from portal.accounts.principal import Principal
from portal.drills.models import OPEN, Drill, DrillState
from portal.drills.providers import provider
from portal.leases.holding import ended
from portal.nudge import nudge_drill
from portal.problems import conflict, forbidden

CANCELLED = Explanation(
    "cancelled", "The drill was cancelled before anything was ordered.", "", "Nothing happened."
)


@transaction.atomic
def start_drill(*, by: Principal, node: FleetNode) -> Drill:
    """Has the node interrupted for real, within moments. One drill at a time."""
    if by.club is not None:
        raise forbidden("operator")
    cloud = provider()
    if cloud is None:
        raise conflict(
            "drills-off",
            _("Drills are off on this platform."),
            _("Set MADANG_DRILLS to local or aws (docs/operators.md, Drills)."),
        )
    try:
        with transaction.atomic():
            drill = Drill.objects.create(
                node=node.name,
                instance_id=node.instance_id,
                zone=node.zone,
                instance_type=node.instance_type,
                provider=cloud.name,
                created_by=by.name,
            )
    except IntegrityError as error:
        other = Drill.objects.filter(state__in=OPEN).first()
        raise conflict(
            "drill-under-way",
            _("A drill is under way already: %(node)s.") % {"node": other.node if other else "?"},
            _("Wait until it has ended."),
        ) from error
    audit.record(by, "start_drill", drill=drill.pk, node=node.name, instance_id=node.instance_id)
    transaction.on_commit(lambda: nudge_drill(drill.pk))
    return drill


@transaction.atomic
def cancel_drill(*, by: Principal, drill: Drill) -> None:
    """Before the node's end was ordered; afterwards nothing calls it back."""
    if by.club is not None:
        raise forbidden("operator")
    cancelled = Drill.objects.filter(pk=drill.pk, state=DrillState.PENDING).update(
        state=DrillState.CANCELLED,
        finished_at=Now(),
        explanation=CANCELLED.to_row(),
        **ended(),
    )
    if not cancelled:
        raise conflict(
            "drill-begun",
            _("The node's end is ordered already, or the drill is over."),
            _("Its result stands on the drill's page."),
        )
    audit.record(by, "cancel_drill", drill=drill.pk, node=drill.node)
