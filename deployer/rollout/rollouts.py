"""Make releases live, follow them, remove them, read their logs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from deployer.errors import Explanation, PermanentError
from deployer.kube import Conflict, JsonMap, Kube, Missing, at
from deployer.rollout import manifests, names
from deployer.rollout.applog import AppLine, AppLog
from deployer.rollout.club import club_objects
from deployer.rollout.following import Following
from deployer.rollout.order import ClubSpec, RolloutOrder, RolloutOutcome
from deployer.rollout.preparing import Preparing
from deployer.rollout.secret_access import ensure_secret_access
from deployer.rollout.settings import RolloutSettings

CONFLICT_ATTEMPTS = 10
OWNED_KINDS = ("Job", "Ingress", "Service", "Deployment", "PodDisruptionBudget", "Secret")


class Rollouts:
    """Releases in one cluster. Every method but `follow` and `logs` may be repeated at any time."""

    def __init__(self, kube: Kube, settings: RolloutSettings) -> None:
        self._kube = kube
        self._settings = settings

    def ensure_club(self, spec: ClubSpec) -> None:
        """The club's namespace with its walls, budget and registry login."""
        namespace, *content = club_objects(spec, self._settings)
        self._kube.apply(namespace)
        ensure_secret_access(self._kube, spec.slug, self._settings)
        for manifest in content:
            self._kube.apply(manifest)

    def prepare(
        self,
        order: RolloutOrder,
        since: datetime | None,
        log: Callable[[AppLine], None],
        progress: Callable[[str], None],
        stop: Callable[[], bool],
    ) -> RolloutOutcome:
        """Run the release command to its end: "prepared" if all is well, or the release has none.

        Once for a release: a repeated call goes on with the same Job, or tells its end again. The command's
        lines after `since` go to `log`, sentences to `progress`. Until then nothing that serves is touched.
        """
        if order.release_command is None:
            return RolloutOutcome("prepared")
        ensure_secret_access(self._kube, order.club, self._settings)
        self._refuse_older(order, self._deployment(order))
        self._kube.apply(manifests.config_secret(order))
        return Preparing(self._kube, self._settings, order, since, log, progress, stop).run()

    def apply(self, order: RolloutOrder) -> None:
        """Tell the cluster about the release; `follow` tells whether it became live.

        PermanentError with reason "superseded" when a rollout with a larger fence has been here.
        """
        ensure_secret_access(self._kube, order.club, self._settings)
        self._refuse_older(order, self._deployment(order))
        self._kube.apply(manifests.config_secret(order))
        self._apply_deployment(order)
        self._kube.apply(manifests.service(order))
        self._kube.apply(manifests.ingress(order, self._settings))
        self._kube.apply(manifests.disruption_budget(order))
        self._prune_config(order)

    def follow(
        self, order: RolloutOrder, progress: Callable[[str], None], stop: Callable[[], bool]
    ) -> RolloutOutcome:
        """Sentences to `progress` until the address answers, the release has failed, or `stop()` says so.

        TemporaryError when the API server has not answered for minutes.
        """
        return Following(self._kube, self._settings, order, progress, stop).run()

    def remove_project(self, club: str, project: str) -> None:
        """Everything of the project but its images and its repository."""
        namespace = names.namespace(club)
        try:
            ensure_secret_access(self._kube, club, self._settings)
        except Missing:
            # With the namespace everything of the project is gone, or never was.
            return
        for kind in OWNED_KINDS:
            for found in self._kube.find(kind, namespace, labels={names.PROJECT: project}):
                self._kube.delete(kind, namespace, found["metadata"]["name"])

    def remove_club(self, club: str) -> bool:
        """The namespace with all that is in it. False while the cluster is still at it: ask again."""
        return not self._kube.delete("Namespace", None, names.namespace(club))

    def logs(
        self, club: str, project: str, follow: bool, tail: int, stop: Callable[[], bool]
    ) -> Iterator[AppLine]:
        """The last `tail` lines of each pod of the project by their time, then new ones as they come."""
        return AppLog(self._kube, names.namespace(club), project, stop).lines(follow=follow, tail=tail)

    def _apply_deployment(self, order: RolloutOrder) -> None:
        """Only over what was read: no late worker may slip in over a newer rollout."""
        for attempt in range(1, CONFLICT_ATTEMPTS + 1):
            current = self._deployment(order)
            self._refuse_older(order, current)
            wanted = manifests.deployment(order, self._settings)
            if current is not None:
                wanted["metadata"]["resourceVersion"] = current["metadata"]["resourceVersion"]
            try:
                self._kube.apply(wanted)
            except Conflict:
                # The Deployment's controller writes its status all the time.
                if attempt == CONFLICT_ATTEMPTS:
                    raise
            else:
                return

    def _deployment(self, order: RolloutOrder) -> JsonMap | None:
        return self._kube.get("Deployment", names.namespace(order.club), order.project)

    def _refuse_older(self, order: RolloutOrder, current: JsonMap | None) -> None:
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
