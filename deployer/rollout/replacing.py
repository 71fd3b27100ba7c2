"""A newer release waits while pods that serve are replaced on another node, as theirs is lost or about to go.

With more pods than are wanted, the Deployment's controller first ends those of the oldest ReplicaSet that
are not available yet (`cleanupUnhealthyReplicas`). While one release is on trial or half rolled out, these
are the replacements as soon as a newer one comes: the pod whose place they take then ends with its node.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from deployer.kube import JsonMap, Kube, at
from deployer.kube.objects import condition
from deployer.kube.patience import Patience, looks
from deployer.kube.pods import is_detached, read_pod
from deployer.rollout import failure, names
from deployer.rollout.fencing import fence, overtaken
from deployer.rollout.order import RolloutOrder, RolloutOutcome
from deployer.rollout.saying import Saying
from deployer.rollout.settings import RolloutSettings
from deployer.rollout.trial import HELD_SECONDS
from deployer.sentence import Sentence

log = logging.getLogger(__name__)


def wait(
    kube: Kube,
    settings: RolloutSettings,
    order: RolloutOrder,
    progress: Callable[[Sentence], None],
    stop: Callable[[], bool],
) -> RolloutOutcome:
    """ "prepared" once nothing is on its way, or it has had as long as a release has to become ready.

    TemporaryError when the API server has not answered for minutes.
    """
    saying, patience, began = Saying(progress), Patience(), time.monotonic()
    namespace, labels = names.namespace(order.club), {names.PROJECT: order.project}
    for _ in looks(stop):
        with patience:
            deployment = kube.get("Deployment", namespace, order.project)
            if deployment is None:
                return RolloutOutcome("prepared")
            if fence(deployment) > order.fence:
                return overtaken()
            moving = awaited(
                order,
                deployment,
                kube.find("ReplicaSet", namespace, labels=labels),
                kube.find("Pod", namespace, labels=labels),
                patience=timedelta(seconds=settings.progress_deadline_seconds),
                now=datetime.now(UTC),
            )
            if moving is None:
                return RolloutOutcome("prepared")
            if time.monotonic() - began > settings.progress_deadline_seconds:
                log.warning("release %s of %s/%s is not replaced in time", moving, order.club, order.project)
                return RolloutOutcome("prepared")
            saying.say(Sentence("waiting until release {number} serves on another machine", number=moving))
    return RolloutOutcome("stopped")


def awaited(
    order: RolloutOrder,
    deployment: JsonMap,
    replicasets: Sequence[JsonMap],
    pods: Sequence[JsonMap],
    *,
    patience: timedelta,
    now: datetime,
) -> int | None:
    """The release whose pods are being replaced and may soon serve, or None. Pure.

    `replicasets` and `pods` are the project's. Old ReplicaSets never grow, so what they lack takes the place
    of something; the newest does so too once its own rollout is complete. One on trial is never available.
    """
    running = _release(at(deployment, "spec", "template", default={}))
    if order.release <= running:
        return None
    complete = condition(deployment, "Progressing").get("reason") == "NewReplicaSetAvailable"
    for each in replicasets:
        wanted = int(at(each, "spec", "replicas", default=0))
        its = [pod for pod in pods if _release(pod) == _release(each) and not _has_ended(pod)]
        staying = [pod for pod in its if not is_detached(pod)]
        leaving = len(staying) < len(its)
        # A ReplicaSet's own word is a moment old: it may still count a pod that it has let go.
        ready = sum(condition(pod, "Ready").get("status") == "True" for pod in staying)
        available = min(ready, int(at(each, "status", "availableReplicas", default=0)))
        on_trial = at(each, "spec", "minReadySeconds", default=0) == HELD_SECONDS
        if on_trial or available >= wanted or (_release(each) == running and not (complete or leaving)):
            continue
        if any(_comes(pod, patience, now) for pod in staying) or (leaving and len(staying) < wanted):
            return _release(each)
    return None


def _comes(pod: JsonMap, patience: timedelta, now: datetime) -> bool:
    """New, and not failing: neither one that was there before, nor one for which there is no hope."""
    read = read_pod(pod)
    container = failure.app_container(read)
    return now - read.created < patience and (container is None or not failure.is_failing(container))


def _has_ended(pod: JsonMap) -> bool:
    """Or will at once: none that its ReplicaSet counts."""
    return "deletionTimestamp" in pod["metadata"] or at(pod, "status", "phase") in ("Failed", "Succeeded")


def _release(item: JsonMap) -> int:
    return int(at(item, "metadata", "labels", names.RELEASE, default=0))
