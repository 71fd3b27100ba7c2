"""Make releases live, follow them, remove them, read their logs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from deployer.kube import Kube, Missing
from deployer.rollout import manifests, names, replacing
from deployer.rollout.applog import AppLine, AppLog
from deployer.rollout.applying import Applying
from deployer.rollout.club import club_objects
from deployer.rollout.following import Following
from deployer.rollout.order import ClubSpec, RolloutOrder, RolloutOutcome
from deployer.rollout.preparing import Preparing
from deployer.rollout.secret_access import ensure_secret_access
from deployer.rollout.settings import RolloutSettings
from deployer.sentence import Sentence

OWNED_KINDS = ("Job", "Ingress", "Service", "Deployment", "PodDisruptionBudget", "Secret")


class Rollouts:
    """Releases in one cluster. Every method but `follow` and `logs` may be repeated at any time."""

    def __init__(self, kube: Kube, settings: RolloutSettings) -> None:
        self._kube = kube
        self._settings = settings
        self._applying = Applying(kube, settings)

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
        progress: Callable[[Sentence], None],
        stop: Callable[[], bool],
    ) -> RolloutOutcome:
        """Run the release command to its end, if the release has one: "prepared" if all is well.

        Once for a release: a repeated call goes on with the same Job, or tells its end again. The command's
        lines after `since` go to `log`, sentences to `progress`. Until then nothing that serves is touched;
        and if that is on its way from one node to another, not before it has arrived.
        """
        if order.release_command is not None:
            ensure_secret_access(self._kube, order.club, self._settings)
            self._applying.refuse_older(order)
            self._kube.apply(manifests.config_secret(order))
            outcome = Preparing(self._kube, self._settings, order, since, log, progress, stop).run()
            if outcome.state != "prepared":
                return outcome
        return replacing.wait(self._kube, self._settings, order, progress, stop)

    def apply(self, order: RolloutOrder) -> None:
        """Tell the cluster about the release; `follow` tells whether it became live.

        PermanentError with reason "superseded" when a rollout with a larger fence has been here.
        """
        ensure_secret_access(self._kube, order.club, self._settings)
        self._applying.apply(order)

    def follow(
        self, order: RolloutOrder, progress: Callable[[Sentence], None], stop: Callable[[], bool]
    ) -> RolloutOutcome:
        """Sentences to `progress` until the address answers, the release has failed, or `stop()` says so.

        TemporaryError when the API server has not answered for minutes.
        """
        return Following(self._kube, self._settings, self._applying, order, progress, stop).run()

    def lead(self, order: RolloutOrder) -> None:
        """Visitors are led to the project from now on, whether a copy takes them or not.

        PermanentError "superseded" as with `apply`.
        """
        self._applying.lead(order, at_once=True)

    def halt(self, order: RolloutOrder) -> None:
        """The release with no copy: nothing runs, no way leads to the project, and all else of it stays.

        `apply` with the order as it is brings the copies back. PermanentError "superseded" as there.
        """
        self.apply(replace(order, replicas=0))
        namespace = names.namespace(order.club)
        for job in self._kube.find("Job", namespace, labels={names.PROJECT: order.project}):
            self._kube.delete("Job", namespace, job["metadata"]["name"])

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
        self,
        club: str,
        project: str,
        follow: bool,
        tail: int,
        stop: Callable[[], bool],
        seen: Mapping[str, datetime] | None = None,
    ) -> Iterator[AppLine]:
        """The last `tail` lines of each pod of the project by their time, then new ones as they come.

        With `seen`, the time of each pod's last line that is known already: what came after, as it comes.
        """
        log = AppLog(self._kube, names.namespace(club), project, stop)
        return log.lines(follow=follow, tail=tail, seen=seen)
