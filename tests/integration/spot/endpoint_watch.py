"""How many endpoints of a Service were ready, at every moment of a scenario."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Any

from spot.errors import SpotError
from spot.kube import Connection
from spot.kube.kinds import KINDS


class EndpointWatch:
    """`least` is the fewest that were ready at a time."""

    def __init__(self, connection: Connection, namespace: str, service: str) -> None:
        self._connection = connection
        self._path = KINDS["EndpointSlice"].path(namespace)
        self._query = {"labelSelector": f"kubernetes.io/service-name={service}"}
        self._slices: dict[str, int] = {}
        self.least = 1_000_000
        self._stopped = False
        self._ready = threading.Event()

    def __enter__(self) -> EndpointWatch:
        threading.Thread(target=self._follow, name="endpoints", daemon=True).start()
        assert self._ready.wait(300), "the slices were not listed"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped = True

    def _follow(self) -> None:
        version = ""
        while not self._stopped:
            try:
                version = version or self._list()
                self._ready.set()
                query = {**self._query, "resourceVersion": version}
                for what, each in self._connection.watch(self._path, query=query, quiet_seconds=600):
                    if self._stopped:
                        return
                    version = each["metadata"]["resourceVersion"]
                    self._slices[each["metadata"]["name"]] = 0 if what == "DELETED" else _ready(each)
                    self._count()
            except SpotError:
                version = ""

    def _list(self) -> str:
        answer = self._connection.call("GET", self._path, query=self._query)
        self._slices = {each["metadata"]["name"]: _ready(each) for each in answer["items"]}
        self._count()
        return str(answer["metadata"]["resourceVersion"])

    def _count(self) -> None:
        self.least = min(self.least, sum(self._slices.values()))


def _ready(each: dict[str, Any]) -> int:
    return sum(
        (endpoint.get("conditions") or {}).get("ready") is not False
        for endpoint in each.get("endpoints") or []
    )
