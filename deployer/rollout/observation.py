"""What the cluster shows of a rollout, and what to say of it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from deployer.kube.objects import JsonMap, at
from deployer.kube.pods import Container, Pod
from deployer.rollout.fencing import fence
from deployer.rollout.names import CONTAINER
from deployer.rollout.trial import is_held
from deployer.sentence import Sentence

PULL_TROUBLE = frozenset({"ErrImagePull", "ImagePullBackOff", "RegistryUnavailable"})


class Activity(IntEnum):
    """What a new pod is busy with; the least advanced one is told."""

    WAITING_FOR_NODE = 1
    PREPARING = 2
    PULLING = 3
    PULL_TROUBLE = 4
    CRASHED = 5
    STARTING = 6
    SETTLING = 7
    READY = 8


# The rollout's clock stands still in these: a node or the registry is slow, not the student's app.
NOT_THE_APP = frozenset(
    {Activity.WAITING_FOR_NODE, Activity.PREPARING, Activity.PULLING, Activity.PULL_TROUBLE}
)


@dataclass(frozen=True)
class Observation:
    """One look. `fence` is the Deployment's, `refused` the API server's sentence when a pod was not let in,
    `held` whether the release is on trial."""

    fence: int
    replicas: int
    ready: int
    complete: bool
    refused: str
    pods: tuple[Pod, ...]
    activity: Activity
    held: bool = False


def observe(deployment: JsonMap, pods: Sequence[Pod], pulling: frozenset[str]) -> Observation:
    """`pods` are the new release's, `pulling` the uids of those whose image is on its way."""
    status = deployment.get("status", {})
    wanted = int(at(deployment, "spec", "replicas", default=1))
    updated, available = int(status.get("updatedReplicas", 0)), int(status.get("availableReplicas", 0))
    seen = int(status.get("observedGeneration", 0)) >= int(deployment["metadata"]["generation"])
    alive = tuple(pod for pod in pods if not pod.going and pod.phase not in ("Failed", "Succeeded"))
    ready = sum(pod.ready for pod in alive)
    complete = (
        seen
        and updated >= wanted
        and int(status.get("replicas", 0)) <= updated
        and available >= updated
        and ready >= wanted
    )
    activities = [activity_of(pod, pod.uid in pulling) for pod in alive]
    if complete:
        activity = Activity.READY
    else:
        activity = min(activities, default=Activity.WAITING_FOR_NODE)
        if activity is Activity.READY:
            activity = Activity.SETTLING
    return Observation(
        fence=fence(deployment),
        replicas=wanted,
        ready=min(ready, wanted),
        complete=complete,
        refused=_refused(deployment) if seen else "",
        pods=alive,
        activity=activity,
        held=is_held(deployment),
    )


def activity_of(pod: Pod, pulling: bool) -> Activity:
    container = pod.container(CONTAINER)
    if pod.node is None:
        return Activity.WAITING_FOR_NODE
    if container is None:
        return Activity.PREPARING
    if pod.ready:
        return Activity.READY
    if container.waiting in PULL_TROUBLE:
        return Activity.PULL_TROUBLE
    if crashed(container) or container.ended:
        return Activity.CRASHED
    if container.running:
        return Activity.STARTING
    return Activity.PULLING if pulling else Activity.PREPARING


def crashed(container: Container) -> bool:
    """Waiting to be started again, after at least one end."""
    return container.waiting == "CrashLoopBackOff"


def sentence(seen: Observation, port: int, health_path: str | None) -> Sentence:
    """ "1 of 2 ready; pulling image": what a pusher reads."""
    count = Sentence("{ready} of {replicas} ready", ready=seen.ready, replicas=seen.replicas)
    if seen.activity is Activity.READY and not seen.refused:
        return count
    return Sentence("{count}; {doing}", count=count, doing=_doing(seen, port, health_path))


def _doing(seen: Observation, port: int, health_path: str | None) -> Sentence:
    if seen.refused:
        return Sentence("the cluster lets no new pod in yet")
    match seen.activity:
        case Activity.WAITING_FOR_NODE:
            return Sentence("waiting for a machine with room")
        case Activity.PREPARING:
            return Sentence("preparing")
        case Activity.PULLING:
            return Sentence("pulling image")
        case Activity.PULL_TROUBLE:
            return Sentence("the image could not be pulled yet")
        case Activity.CRASHED:
            return Sentence("it ended and is started again")
        case Activity.STARTING if health_path:
            return Sentence(
                "started, waiting for an answer on {path} on port {port}", path=health_path, port=port
            )
        case Activity.STARTING:
            return Sentence("started, waiting for an answer on port {port}", port=port)
    return Sentence("waiting for its first answer") if seen.held else Sentence("settling")


def _refused(deployment: JsonMap) -> str:
    for condition in at(deployment, "status", "conditions", default=[]):
        if condition["type"] == "ReplicaFailure" and condition["status"] == "True":
            return str(condition.get("message", ""))
    return ""
