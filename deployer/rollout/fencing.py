"""Writes that change nothing that a newer rollout has written: each compares the fence, and what was read."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from deployer.errors import Explanation, PermanentError
from deployer.kube import Conflict, JsonMap, Kube, at
from deployer.rollout import names
from deployer.rollout.order import RolloutOrder, RolloutOutcome

CONFLICT_ATTEMPTS = 10
Written = TypeVar("Written")


def fence(item: JsonMap | None) -> int:
    """Of the rollout that wrote the object last; 0 for none."""
    return int(at(item, "metadata", "annotations", names.FENCE, default=0))


def overtaken() -> RolloutOutcome:
    """What becomes of a rollout whose place a newer one has."""
    return RolloutOutcome(
        "superseded", Explanation("superseded", "A newer release took this one's place.", "", "")
    )


def refuse_older(order: RolloutOrder, current: JsonMap | None) -> None:
    """PermanentError with reason "superseded" when a rollout with a larger fence wrote the object."""
    seen = fence(current)
    if seen > order.fence:
        raise PermanentError(
            Explanation(
                "superseded",
                "A newer rollout of this project has been here.",
                f"fence {order.fence}, in the cluster {seen}",
                "",
            )
        )


def over(wanted: JsonMap, current: JsonMap | None) -> JsonMap:
    """Only over what was read. Without the uid, what was deleted meanwhile would be made anew."""
    if current is None:
        return wanted
    read = {name: current["metadata"][name] for name in ("resourceVersion", "uid")}
    return {**wanted, "metadata": {**wanted["metadata"], **read}}


def fenced(
    kube: Kube, order: RolloutOrder, kind: str, name: str, write: Callable[[JsonMap | None], Written]
) -> Written:
    """What `write` does with the object as it stands, None if it is not there: again when it moved on."""
    for attempt in range(1, CONFLICT_ATTEMPTS + 1):
        current = kube.get(kind, names.namespace(order.club), name)
        refuse_older(order, current)
        try:
            return write(current)
        except Conflict:
            # The Deployment's controller writes its status all the time.
            if attempt == CONFLICT_ATTEMPTS:
                raise
    raise AssertionError("unreachable")


def apply_fenced(kube: Kube, order: RolloutOrder, wanted: JsonMap) -> None:
    """Over nothing that a newer rollout has written."""
    name = wanted["metadata"]["name"]
    fenced(kube, order, wanted["kind"], name, lambda current: kube.apply(over(wanted, current)))
