"""The log of a running project: all of its pods as one stream, new pods joining as they come."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from deployer.errors import DeployerError
from deployer.kube import Kube
from deployer.kube.pods import Pod, read_pods
from deployer.rollout.names import CONTAINER, PROJECT

LOOK_SECONDS = 2.0
QUIET_SECONDS = 30.0
# Each may be as long as `deployer.kube.logs` lets it.
MAX_WAITING_LINES = 500


@dataclass(frozen=True)
class AppLine:
    """One line of an app's output, when the node saw it, and the pod that wrote it."""

    at: datetime
    pod: str
    text: str


class AppLog:
    """One reader of a project's log."""

    def __init__(self, kube: Kube, namespace: str, project: str, stop: Callable[[], bool]) -> None:
        self._kube, self._namespace, self._project = kube, namespace, project
        self._stop = stop
        self._closed = threading.Event()
        self._lines: queue.Queue[AppLine] = queue.Queue(MAX_WAITING_LINES)

    def lines(
        self, *, follow: bool, tail: int, seen: Mapping[str, datetime] | None = None
    ) -> Iterator[AppLine]:
        """What the pods wrote last, in the order of time; with `follow` what they write until `stop()`.

        `seen` is the time of the last line of each pod that the reader has: then all that came after it, and
        all of other pods, in the order of each pod.
        """
        if seen:
            yield from self._live(dict(seen))
            return
        pods = read_pods(self._kube.find("Pod", self._namespace, labels={PROJECT: self._project}))
        past = [line for pod in pods for line in self._past(pod, tail)]
        past.sort(key=lambda line: line.at)
        yield from past
        if follow:
            last = {line.pod: line.at for line in past}
            yield from self._live(last)

    def _live(self, last: dict[str, datetime]) -> Iterator[AppLine]:
        followed: set[str] = set()
        looked = 0.0
        try:
            while not self._stop():
                if time.monotonic() - looked > LOOK_SECONDS:
                    looked = time.monotonic()
                    for pod in self._pods():
                        if pod.uid not in followed:
                            followed.add(pod.uid)
                            threading.Thread(
                                target=self._read, args=(pod, last.get(pod.name)), daemon=True
                            ).start()
                try:
                    yield self._lines.get(timeout=0.5)
                except queue.Empty:
                    continue
        finally:
            self._closed.set()

    def _read(self, pod: Pod, since: datetime | None) -> None:
        """In a thread of its own: a pod's new lines until the pod or the reader is gone."""
        quiet_tries = 0
        while not self._closed.is_set() and quiet_tries < 5:
            try:
                for line in self._kube.stream(
                    self._namespace,
                    pod.name,
                    CONTAINER,
                    since=since,
                    quiet_seconds=QUIET_SECONDS,
                    stop=self._closed.is_set,
                ):
                    since, quiet_tries = line.at, 0
                    while not self._closed.is_set():
                        try:
                            self._lines.put(AppLine(line.at, pod.name, line.text), timeout=1)
                            break
                        except queue.Full:
                            continue
                    if self._closed.is_set():
                        return
            except DeployerError:
                quiet_tries += 1
            self._closed.wait(1.0)

    def _past(self, pod: Pod, tail: int) -> list[AppLine]:
        try:
            found = self._kube.tail(self._namespace, pod.name, CONTAINER, tail)
        except DeployerError:
            # Not started yet, or its node is gone.
            return []
        return [AppLine(line.at, pod.name, line.text) for line in found]

    def _pods(self) -> list[Pod]:
        try:
            return read_pods(self._kube.find("Pod", self._namespace, labels={PROJECT: self._project}))
        except DeployerError:
            return []
