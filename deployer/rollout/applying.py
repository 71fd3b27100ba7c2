"""Tell the cluster about a release: fenced, so that no late worker slips in over a newer rollout."""

from __future__ import annotations

from deployer.errors import Explanation, PermanentError
from deployer.kube import Conflict, JsonMap, Kube, at
from deployer.rollout import manifests, names, trial
from deployer.rollout.order import RolloutOrder
from deployer.rollout.settings import RolloutSettings
from deployer.rollout.trial import Trial

CONFLICT_ATTEMPTS = 10


class Applying:
    """Every method may be repeated at any time."""

    def __init__(self, kube: Kube, settings: RolloutSettings) -> None:
        self._kube, self._settings = kube, settings

    def apply(self, order: RolloutOrder) -> None:
        """All objects of the release; one with something to prove begins its trial."""
        self.refuse_older(order)
        self._kube.apply(manifests.config_secret(order))
        begun = self._begin(order)
        self._apply_deployment(order, held=begun.held)
        self._kube.apply(manifests.ingress(order, self._settings))
        self._kube.apply(manifests.disruption_budget(order))
        if begun.held:
            for each in trial.route(order, self._settings):
                self._kube.apply(each)
        else:
            self._close(order)
        self._prune_config(order)

    def open(self, order: RolloutOrder) -> None:
        """The trial is over: visitors come to the new pods too, and old ones go as new ones are ready."""
        self._apply_fenced(order, manifests.service(order))
        self._apply_deployment(order, held=False)
        self._close(order)

    def refuse_older(self, order: RolloutOrder) -> None:
        """PermanentError with reason "superseded" when a rollout with a larger fence has been here."""
        _refuse_older(order, self._deployment(order))

    def _begin(self, order: RolloutOrder) -> Trial:
        """Decided, and written down on the Service, before any new pod is there."""
        namespace = names.namespace(order.club)
        for attempt in range(1, CONFLICT_ATTEMPTS + 1):
            # The Service first: what a newer rollout writes after this look is not written over.
            service = self._kube.get("Service", namespace, order.project)
            current = self._deployment(order)
            _refuse_older(order, service)
            _refuse_older(order, current)
            pods = self._kube.find("Pod", namespace, labels=names.selector(order.project))
            begun = trial.begin(order, current, service, pods)
            wanted = trial.keep_to(manifests.service(order), begun.kept_to)
            if service is not None:
                wanted = _over(wanted, service)
            try:
                self._kube.apply(wanted)
            except Conflict:
                if attempt == CONFLICT_ATTEMPTS:
                    raise
            else:
                return begun
        raise AssertionError("unreachable")

    def _apply_deployment(self, order: RolloutOrder, *, held: bool) -> None:
        wanted = manifests.deployment(order, self._settings)
        self._apply_fenced(order, trial.hold(wanted) if held else wanted)

    def _apply_fenced(self, order: RolloutOrder, wanted: JsonMap) -> None:
        """Over nothing that a newer rollout has written."""
        place = wanted["kind"], wanted["metadata"]["namespace"], wanted["metadata"]["name"]
        for attempt in range(1, CONFLICT_ATTEMPTS + 1):
            current = self._kube.get(*place)
            _refuse_older(order, current)
            try:
                self._kube.apply(wanted if current is None else _over(wanted, current))
            except Conflict:
                # The Deployment's controller writes its status all the time.
                if attempt == CONFLICT_ATTEMPTS:
                    raise
            else:
                return

    def _close(self, order: RolloutOrder) -> None:
        """The new release needs no address of its own any more."""
        for kind in ("Ingress", "Service"):
            self._kube.delete(kind, names.namespace(order.club), trial.name(order.project))

    def _deployment(self, order: RolloutOrder) -> JsonMap | None:
        return self._kube.get("Deployment", names.namespace(order.club), order.project)

    def _prune_config(self, order: RolloutOrder) -> None:
        """Drop the config of releases that nothing runs any more and nobody will soon come back to."""
        namespace = names.namespace(order.club)
        mine = {names.PROJECT: order.project}
        kept = {
            at(found, "metadata", "labels", names.RELEASE)
            for kind in ("Pod", "ReplicaSet")
            for found in self._kube.find(kind, namespace, labels=mine)
            if kind == "Pod" or at(found, "spec", "replicas", default=0)
        }
        secrets = self._kube.find("Secret", namespace, labels=mine)
        numbers = sorted((_release(secret) for secret in secrets), reverse=True)
        newest = {str(number) for number in numbers[: self._settings.keep_revisions]}
        for secret in secrets:
            release = str(_release(secret))
            if release not in kept | newest | {str(order.release)}:
                self._kube.delete("Secret", namespace, secret["metadata"]["name"])


def _refuse_older(order: RolloutOrder, current: JsonMap | None) -> None:
    seen = int(at(current, "metadata", "annotations", names.FENCE, default=0))
    if seen > order.fence:
        raise PermanentError(
            Explanation(
                "superseded",
                "A newer rollout of this project has been here.",
                f"fence {order.fence}, in the cluster {seen}",
                "",
            )
        )


def _over(wanted: JsonMap, current: JsonMap) -> JsonMap:
    """Only over what was read."""
    metadata = {**wanted["metadata"], "resourceVersion": current["metadata"]["resourceVersion"]}
    return {**wanted, "metadata": metadata}


def _release(secret: JsonMap) -> int:
    return int(at(secret, "metadata", "labels", names.RELEASE, default=0))
