"""A Deployment while its pods are handed off: what it wants, what serves already, what holds it up. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from spot import names, pods
from spot.handoff.way import Surroundings
from spot.pods import JsonMap, Key
from spot.times import parse

# Who asks for more than this holds a rollout (a new release on trial), and says nothing of a replacement.
ROLLOUT_HELD = timedelta(days=1)


@dataclass(frozen=True)
class Timing:
    """Durations of a handoff. Measured: with unserve 3 s, settle 1 s and preStop 5 s no request was lost.

    `linger` is how long an old pod that gets no new requests may go on with those that it has. `last_grace`
    is what the last pod that serves gets at most for its end: until then it serves.
    """

    unserve: timedelta = timedelta(seconds=3)
    settle: timedelta = timedelta(seconds=1)
    linger: timedelta = timedelta(seconds=60)
    late_margin: timedelta = timedelta(seconds=5)
    build_margin: timedelta = timedelta(seconds=30)
    longest_grace: timedelta = timedelta(seconds=60)
    last_grace: timedelta = timedelta(seconds=10)


@dataclass(frozen=True)
class Replacement:
    """A pod of the Deployment on a node that stays."""

    name: str
    node: str
    uid: str
    created_at: datetime
    ready_at: datetime | None
    good: bool


@dataclass(frozen=True)
class Group:
    """`serving` are the detached pods that still serve, those whose node goes first first; `unvisited` those
    that no Service knows, beside others that one does."""

    deployment: Key
    uid: str
    desired: int
    replacements: tuple[Replacement, ...]
    serving: tuple[str, ...]
    endpoints: int | None
    blocked: str = ""
    blocked_since: datetime | None = None
    unvisited: frozenset[str] = frozenset()

    @property
    def available(self) -> int:
        return sum(each.good for each in self.replacements)

    @property
    def whole(self) -> bool:
        """As many pods serve on nodes that stay as are wanted."""
        return self.available >= self.desired

    def may_go(self, uid: str) -> bool:
        """Whether this detached pod serves nobody, or is one more than are wanted.

        Never one that the group does not know as detached: it was looked at later, and was not counted.
        """
        surplus = self.available + len(self.serving) - self.desired
        return uid in self.unvisited or uid in self.serving[: max(surplus, 0)]


def group_of(
    deployment: JsonMap,
    around: Surroundings,
    its: Iterable[JsonMap],
    serving: Mapping[str, set[str]],
    *,
    fenced: Mapping[str, datetime],
    timing: Timing,
    now: datetime,
) -> Group:
    """`its` are the Deployment's pods; `serving` each Service's ready endpoints by the pod's uid."""
    every = list(its)
    ends = [fenced[node] for pod in every if (node := pods.node(pod)) in fenced]
    leaving = [
        pod for pod in every if not pods.is_going(pod) and (pods.is_detached(pod) or pods.node(pod) in fenced)
    ]
    left = [pod for pod in leaving if pods.is_detached(pod) and _serves(pod)]
    waiting = [
        pod
        for pod in every
        if not pods.is_detached(pod) and not pods.is_going(pod) and pods.node(pod) not in fenced
    ]
    # A Service may keep to one release: a pod of another does not take the place of one that serves there,
    # or will again once it is ready.
    theirs = {name for pod in leaving for name in _services_of(pod, around)}
    # And one that no Service knows, beside others that one does, is no reason for those to go.
    visited = [pod for pod in left if not theirs or _services_of(pod, around)]
    detached = [(fenced.get(pods.node(pod), _never()), pods.key(pod)[1], pods.uid(pod)) for pod in visited]
    own, template = [pods.uid(pod) for pod in every], deployment["spec"]["template"]
    # Of each pod too: while a release is on trial, the Service does not know the template's.
    services = {name for each in (template, *every) for name in _services_of(each, around)}
    listed_by = [(pod, _services_of(pod, around).union(theirs) or services) for pod in waiting]
    condemned = _condemned(every, around)
    replacements = [
        _replacement(pod, wanted, serving, _patience(pod, deployment, around, ends, timing, now), now)
        for pod, wanted in listed_by
        if pods.uid(pod) not in condemned
    ]
    able = [pod for pod in waiting if theirs <= _services_of(pod, around)]
    held, since = _held_up(deployment, around, able)
    return Group(
        deployment=pods.key(deployment),
        uid=pods.uid(deployment),
        desired=_desired(deployment),
        replacements=tuple(sorted(replacements, key=lambda each: (each.created_at, each.name))),
        serving=tuple(uid for _, _, uid in sorted(detached)),
        endpoints=min((len(serving.get(each, set()) & set(own)) for each in services), default=None),
        blocked=held,
        blocked_since=since,
        unvisited=frozenset(pods.uid(pod) for pod in left).difference(map(pods.uid, visited)),
    )


def _desired(deployment: JsonMap) -> int:
    replicas = deployment["spec"].get("replicas")
    gone = bool(deployment["metadata"].get("deletionTimestamp"))
    return 0 if gone else 1 if replicas is None else int(replicas)


def _condemned(its: Iterable[JsonMap], around: Surroundings) -> set[str]:
    """Those that their ReplicaSets are about to end, as they want fewer than they have: for a newer release.

    What is not ready goes first, then what has been for the shortest time (kubernetes pkg/controller,
    ActivePodsWithRanks).
    """
    having: dict[Key, list[JsonMap]] = defaultdict(list)
    for pod in its:
        if not pods.is_going(pod) and not pods.is_detached(pod):
            having[pods.key(pod)[0], str(pods.controller(pod).get("name"))].append(pod)
    condemned: set[str] = set()
    for key, attached in having.items():
        wanted = around.replicasets.get(key, {}).get("spec", {}).get("replicas")
        if wanted is not None:
            attached.sort(key=lambda pod: pods.ready_since(pod) or _never())
            condemned |= set(map(pods.uid, attached[wanted:]))
    return condemned


def _serves(pod: JsonMap) -> bool:
    unserved = names.UNSERVED_AT in pods.notes(pod)
    return pods.is_ready(pod) and not pods.is_going(pod) and not unserved


def _replacement(
    pod: JsonMap, wanted: Collection[str], serving: Mapping[str, set[str]], patience: timedelta, now: datetime
) -> Replacement:
    """`wanted` are the Services that have to list it."""
    since, uid = pods.ready_since(pod), pods.uid(pod)
    listed = all(uid in serving.get(each, ()) for each in wanted)
    return Replacement(
        name=pods.key(pod)[1],
        node=pods.node(pod),
        uid=uid,
        created_at=parse(pod["metadata"].get("creationTimestamp")) or now,
        ready_at=since,
        good=since is not None and now - since >= patience and listed,
    )


def _patience(
    pod: JsonMap,
    deployment: JsonMap,
    around: Surroundings,
    ends: Collection[datetime],
    timing: Timing,
    now: datetime,
) -> timedelta:
    """How long a replacement must have been ready: minReadySeconds, but not past half of the time left.

    Of its own ReplicaSet, which a newer release on trial leaves as it is: until then the Deployment's
    controller ends it first, should a still newer release come. `ends` are the deadlines of the nodes that
    the Deployment's own pods stand on.
    """
    replicaset = around.replicasets.get((pods.key(pod)[0], str(pods.controller(pod).get("name"))))
    wanted = timedelta(seconds=(replicaset or deployment)["spec"].get("minReadySeconds") or 0)
    if wanted > ROLLOUT_HELD:
        wanted = timedelta(0)
    if ends:
        wanted = min(wanted, (min(ends) - timing.last_grace - timing.late_margin - now) / 2)
    # Whole seconds in the condition's time, the data plane's own delay, and its ReplicaSet's: one that is not
    # counted as available there yet a newer release ends first, whatever serves beside it.
    return max(wanted, timedelta(0)) + timing.settle


def _services_of(pod: JsonMap, around: Surroundings) -> set[str]:
    """The names of the Services that select a pod, or a template's pods."""
    return {each["metadata"]["name"] for each in around.services_of(pods.labels(pod))}


def _held_up(
    deployment: JsonMap, around: Surroundings, replacements: Iterable[JsonMap]
) -> tuple[str, datetime | None]:
    """Why a replacement cannot start, and since when: no room, a full quota, an image that does not come."""
    for failure in around.failures_of(pods.uid(deployment)):
        quota = "exceeded quota" in str(failure.get("message"))
        return "quota" if quota else "refused", parse(failure.get("lastTransitionTime"))
    for pod in replacements:
        scheduled = pods.condition(pod, "PodScheduled")
        # One that is named a node has its room as soon as what stands there, headroom say, has made way.
        nominated = pod.get("status", {}).get("nominatedNodeName")
        if scheduled.get("reason") == "Unschedulable" and not nominated:
            return "no-room", parse(scheduled.get("lastTransitionTime"))
        for status in pod.get("status", {}).get("containerStatuses") or []:
            waiting = (status.get("state") or {}).get("waiting") or {}
            if str(waiting.get("reason", "")).endswith(("BackOff", "Error")):
                return str(waiting["reason"]), None
    return "", None


def _never() -> datetime:
    return datetime.max.replace(tzinfo=UTC)
