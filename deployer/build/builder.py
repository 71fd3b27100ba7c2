"""Start, follow, cancel and clean up builds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from deployer.build.following import Following
from deployer.build.job import BUILD_LABEL, job, job_name, secret
from deployer.build.order import BuildOrder, BuildOutcome, LogLine
from deployer.build.settings import BuildSettings
from deployer.kube import Conflict, Kube


class Builder:
    """Builds in one cluster."""

    def __init__(self, kube: Kube, settings: BuildSettings) -> None:
        self._kube = kube
        self._settings = settings

    def start(self, order: BuildOrder) -> None:
        """Make the attempt's Job and its Secret, or finish making them; safe to repeat at any time.

        TemporaryError when the API server cannot be reached, PermanentError when it refuses the Job.
        """
        namespace, name = self._settings.namespace, job_name(order)
        made = self._kube.get("Job", namespace, name)
        if made is None:
            try:
                made = self._kube.create(job(order, self._settings))
            except Conflict:
                # A create whose answer was lost is tried again, and then finds its own work.
                made = self._kube.get("Job", namespace, name)
        if made is None or not made["spec"].get("suspend"):
            return
        self._kube.apply(secret(order, self._settings, made))
        self._kube.merge("Job", namespace, name, {"spec": {"suspend": False}})

    def follow(
        self,
        order: BuildOrder,
        since: datetime | None,
        log: Callable[[LogLine], None],
        stop: Callable[[], bool],
    ) -> BuildOutcome:
        """Hand every line after `since` to `log`, until the build ends or `stop()` (asked every few seconds).

        TemporaryError when the API server has not answered for minutes.
        """
        return Following(self._kube, self._settings, order, since, log, stop).run()

    def cancel(self, order: BuildOrder) -> None:
        """Stop the build: its pod gets SIGTERM at once, and all of the attempt's objects go. Idempotent."""
        self._kube.delete("Job", self._settings.namespace, job_name(order))

    def clean(self, order: BuildOrder) -> None:
        """Delete what every attempt at this build has left. Idempotent."""
        labels = {BUILD_LABEL: order.build}
        for kind in ("Job", "Secret"):
            for found in self._kube.find(kind, self._settings.namespace, labels=labels):
                self._kube.delete(kind, self._settings.namespace, found["metadata"]["name"])
