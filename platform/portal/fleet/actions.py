"""What the spot handler may do to the records: tell them anew."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from portal.fleet.models import InterruptedPod, Interruption
from portal.fleet.report import InterruptionReport
from portal.fleet.states import InterruptionState
from portal.nudge import nudge_events

logger = logging.getLogger(__name__)
_POD_FIELDS = [
    field.attname
    for field in InterruptedPod._meta.concrete_fields
    if field.attname not in ("id", "interruption_id")
]
_OVER = (InterruptionState.CLEAR, InterruptionState.GONE, InterruptionState.CANCELLED)


@dataclass(frozen=True)
class Recorded:
    """What is kept now. `changed` is False for an old report, and for one after the node was gone."""

    revision: int
    state: str
    changed: bool


@transaction.atomic
def record(report: InterruptionReport) -> Recorded:
    """Keep the report unless an equal or later revision is kept, or one that says that the node is gone.

    Safe to repeat, in any order and at the same time. What was called off may go on: a graver notice stands
    over that.
    """
    told = report.model_dump(exclude={"pods", "id", "revision"})
    # Whoever comes first makes the row, below every revision; then one at a time.
    row = Interruption(id=report.id, revision=-1, received_at=timezone.now(), **told)
    Interruption.objects.bulk_create([row], ignore_conflicts=True)
    kept = Interruption.objects.select_for_update().get(pk=report.id)
    if report.revision <= kept.revision:
        return Recorded(kept.revision, kept.state, changed=False)
    gone = InterruptionState.GONE
    if kept.revision >= 0 and kept.state == gone and report.state != gone:
        logger.warning(
            "a node that is gone was reported again",
            extra={"interruption": kept.pk, "reported": report.state.value},
        )
        return Recorded(kept.revision, kept.state, changed=False)
    Interruption.objects.filter(pk=kept.pk).update(
        revision=report.revision, received_at=timezone.now(), **told
    )
    _replace_pods(kept, report)
    if report.state in _OVER:
        transaction.on_commit(nudge_events)
    return Recorded(report.revision, report.state, changed=True)


def _replace_pods(interruption: Interruption, report: InterruptionReport) -> None:
    rows = [InterruptedPod(interruption=interruption, **pod.model_dump()) for pod in report.pods]
    interruption.pods.exclude(uid__in=[row.uid for row in rows]).delete()
    InterruptedPod.objects.bulk_create(
        rows,
        batch_size=500,
        update_conflicts=True,
        unique_fields=["interruption", "uid"],
        update_fields=[name for name in _POD_FIELDS if name != "uid"],
    )
