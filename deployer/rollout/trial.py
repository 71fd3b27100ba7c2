"""A new release on trial: visitors stay with the one before until the new one has answered once. Pure.

An open port answers nothing yet: gunicorn's master opens it before its workers have loaded the app, and an
app that crashes while it loads takes the requests along that were sent to it. So the Service keeps to the
release before, no old pod goes, and the new one is asked at an address of its own, through the ingress
controller as that alone may reach it. `docs/adr/0015` has what else was looked at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from deployer.kube.objects import JsonMap, at, condition
from deployer.rollout import manifests, names
from deployer.rollout.order import RolloutOrder
from deployer.rollout.settings import RolloutSettings

# A pod that has to be ready for as long as that is never available, so no old one goes for it. The deadline
# has to be later; this one is how Kubernetes writes "none".
HELD_SECONDS, NO_DEADLINE = 2**31 - 2, 2**31 - 1


@dataclass(frozen=True)
class Trial:
    """`held`: the release has to prove itself. `kept_to`: the release that alone gets visitors, or None."""

    held: bool = False
    kept_to: str | None = None


def begin(
    order: RolloutOrder, deployment: JsonMap | None, service: JsonMap | None, pods: Sequence[JsonMap]
) -> Trial:
    """What applying `order` begins or goes on with, on what stands there now (`pods` are the project's).

    A health path is asked by the kubelet itself, a first release has nobody to protect, and a way back to
    what served before has proved itself. A newer release ends a trial, and no visitor may come to its pods
    for that: it is on trial in their place, health path or not.
    """
    kept_to = at(service, "spec", "selector", names.RELEASE)
    running = int(at(deployment, "spec", "template", "metadata", "labels", names.RELEASE, default=0))
    held = deployment is not None and is_held(deployment)
    if deployment is None or (order.health_path and not held):
        return Trial()
    if running == order.release:
        return Trial(True, kept_to) if held else Trial(False, _own(order, kept_to))
    if order.release < running:
        return Trial(False, _own(order, kept_to))
    serving = _serving(pods)
    if held:
        # The Deployment drops its pods first, as they were never available: nobody may be kept to them.
        serving.pop(str(running), None)
    if kept_to in serving:
        return Trial(True, kept_to)
    return Trial(True, max(serving, key=lambda each: (serving[each], each))) if serving else Trial()


def is_held(deployment: JsonMap) -> bool:
    """Whether its new pods are on trial."""
    return bool(at(deployment, "spec", "minReadySeconds", default=0) == HELD_SECONDS)


def hold(deployment: JsonMap) -> JsonMap:
    """The Deployment that makes new pods and lets no old one go."""
    held = {"minReadySeconds": HELD_SECONDS, "progressDeadlineSeconds": NO_DEADLINE}
    return {**deployment, "spec": {**deployment["spec"], **held}}


def keep_to(service: JsonMap, release: str | None) -> JsonMap:
    """The Service that knows the pods of one release only; None: those of all."""
    if release is None:
        return service
    selector = {**service["spec"]["selector"], names.RELEASE: release}
    return {**service, "spec": {**service["spec"], "selector": selector}}


def hostname(order: RolloutOrder) -> str:
    """Below the project's own, where no other project's can be."""
    return f"trial.{order.hostname}"


def route(order: RolloutOrder, settings: RolloutSettings) -> tuple[JsonMap, JsonMap]:
    """The Service and the Ingress by which the new release alone is asked."""
    service, ingress = manifests.service(order), manifests.ingress(order, settings)
    backend = {"service": {"name": name(order.project), "port": {"name": "http"}}}
    paths = [{"path": "/", "pathType": "Prefix", "backend": backend}]
    rules = [{"host": hostname(order), "http": {"paths": paths}}]
    return (
        {**keep_to(service, str(order.release)), "metadata": _metadata(service, order)},
        {**ingress, "metadata": _metadata(ingress, order), "spec": {**ingress["spec"], "rules": rules}},
    )


def name(project: str) -> str:
    """No project may be called so: theirs have no two hyphens in a row."""
    return f"{project}--trial"


def _own(order: RolloutOrder, kept_to: str | None) -> str | None:
    """A Service that keeps to this very release may go on until its pods are alone."""
    return kept_to if kept_to == str(order.release) else None


def _serving(pods: Sequence[JsonMap]) -> Counter[str]:
    """Ready pods by release."""
    found: Counter[str] = Counter()
    for pod in pods:
        ready = condition(pod, "Ready").get("status") == "True"
        if ready and "deletionTimestamp" not in pod["metadata"]:
            found[str(at(pod, "metadata", "labels", names.RELEASE, default=""))] += 1
    del found[""]
    return found


def _metadata(item: JsonMap, order: RolloutOrder) -> dict[str, Any]:
    metadata = item["metadata"]
    labels = {**metadata["labels"], names.TRIAL: str(order.release)}
    return {**metadata, "name": name(order.project), "labels": labels}
