"""Tell the cluster about a release: fenced, so that no late worker slips in over a newer rollout."""

from __future__ import annotations

from deployer.kube import Conflict, JsonMap, Kube, at
from deployer.rollout import manifests, names, trial
from deployer.rollout.fencing import CONFLICT_ATTEMPTS, apply_fenced, over, refuse_older
from deployer.rollout.order import RolloutOrder
from deployer.rollout.settings import RolloutSettings
from deployer.rollout.trial import Trial
from deployer.rollout.way import Way


class Applying:
    """Every method may be repeated at any time."""

    def __init__(self, kube: Kube, settings: RolloutSettings) -> None:
        self._kube, self._settings = kube, settings
        self._way = Way(kube, settings)

    def apply(self, order: RolloutOrder) -> None:
        """All objects of the release; one with something to prove begins its trial."""
        self.refuse_older(order)
        self._kube.apply(manifests.config_secret(order))
        begun = self._begin(order)
        if not order.replicas:
            # Before the copies go, so that nobody is led to where none is left.
            self._way.close(order)
        self._apply_deployment(order, held=begun.held)
        if order.replicas:
            self._way.lead(order)
        self._kube.apply(manifests.disruption_budget(order))
        if begun.held:
            for each in trial.route(order, self._settings):
                self._kube.apply(each)
        else:
            self._close(order)
        self._prune_config(order)

    def lead(self, order: RolloutOrder, *, at_once: bool = False) -> bool:
        """Visitors come from now on, if a copy takes them or `at_once`; False: none does yet."""
        return self._way.lead(order, at_once=at_once)

    def open(self, order: RolloutOrder) -> None:
        """The trial is over: visitors come to the new pods too, and old ones go as new ones are ready."""
        apply_fenced(self._kube, order, manifests.service(order))
        self._apply_deployment(order, held=False)
        self._close(order)

    def refuse_older(self, order: RolloutOrder) -> None:
        """PermanentError with reason "superseded" when a rollout with a larger fence has been here."""
        refuse_older(order, self._deployment(order))

    def _begin(self, order: RolloutOrder) -> Trial:
        """Decided, and written down on the Service, before any new pod is there."""
        namespace = names.namespace(order.club)
        for attempt in range(1, CONFLICT_ATTEMPTS + 1):
            # The Service first: what a newer rollout writes after this look is not written over.
            service = self._kube.get("Service", namespace, order.project)
            current = self._deployment(order)
            refuse_older(order, service)
            refuse_older(order, current)
            pods = self._kube.find("Pod", namespace, labels=names.selector(order.project))
            begun = trial.begin(order, current, service, pods)
            wanted = trial.keep_to(manifests.service(order), begun.kept_to)
            try:
                self._kube.apply(over(wanted, service))
            except Conflict:
                if attempt == CONFLICT_ATTEMPTS:
                    raise
            else:
                return begun
        raise AssertionError("unreachable")

    def _apply_deployment(self, order: RolloutOrder, *, held: bool) -> None:
        wanted = manifests.deployment(order, self._settings)
        apply_fenced(self._kube, order, trial.hold(wanted) if held else wanted)

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


def _release(secret: JsonMap) -> int:
    return int(at(secret, "metadata", "labels", names.RELEASE, default=0))
