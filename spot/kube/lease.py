"""Which of the controllers leads: a Lease of coordination.k8s.io, as client-go elects.

The Python client's own election knows only ConfigMaps and ends the process on a wrong setting.

Whoever leads stops before another may begin: it counts from the moment at which it sent its last renewal, the
other from the later one at which it saw that, and counts longer.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from spot.errors import Conflict, Missing
from spot.kube.connection import Connection
from spot.kube.kinds import LEASES

# An answer that takes longer is asked for again: a renewal has to be through in time.
READ_SECONDS = 2.0


@dataclass(frozen=True)
class _Seen:
    holder: str
    renewed: str
    at: float


class Lease:
    """`duration_seconds` after the last renewal that it saw, another may take it; `lead_seconds` after it was
    sent, its holder leads no more. Each counts by its own `clock`, which goes on while the process stands
    still.
    """

    def __init__(
        self,
        connection: Connection,
        namespace: str,
        name: str,
        identity: str,
        duration_seconds: float = 6.0,
        lead_seconds: float = 4.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._connection, self._identity, self._clock = connection.alone(), identity, clock
        self.duration_seconds, self.lead_seconds = duration_seconds, lead_seconds
        self._held_until = clock()
        self._collection = LEASES.path(namespace)
        self._path = LEASES.path(namespace, name)
        self._name = name
        self._seen: _Seen | None = None

    @property
    def held(self) -> bool:
        """Whether it is ours for certain at this moment. No I/O."""
        return self._clock() < self._held_until

    def hold(self) -> bool:
        """Take or renew it; whether it is ours now. Raises TemporaryError or PermanentError."""
        try:
            lease = self._call("GET", self._path)
        except Missing:
            return self._create()
        spec = lease.get("spec") or {}
        holder, renewed = str(spec.get("holderIdentity") or ""), str(spec.get("renewTime") or "")
        if holder not in ("", self._identity) and not self._expired(holder, renewed):
            self._held_until = self._clock()
            return False
        taken = holder != self._identity
        changes: dict[str, Any] = {
            "holderIdentity": self._identity,
            "leaseDurationSeconds": int(self.duration_seconds),
            "renewTime": _micro_time(),
        }
        if taken:
            changes |= {
                "acquireTime": _micro_time(),
                "leaseTransitions": int(spec.get("leaseTransitions") or 0) + 1,
            }
        return self._write(lease, changes)

    def release(self) -> None:
        """Let the next one take it at once, if it is ours. It is no renewal, which has to be quick."""
        self._held_until = self._clock()
        lease = self._connection.call("GET", self._path)
        if (lease.get("spec") or {}).get("holderIdentity") == self._identity:
            freed = _changed(lease, {"holderIdentity": "", "renewTime": _micro_time()})
            # Another may have it already.
            with suppress(Conflict):
                self._connection.call("PATCH", self._path, body=freed)

    def _expired(self, holder: str, renewed: str) -> bool:
        now = self._clock()
        if self._seen is None or (self._seen.holder, self._seen.renewed) != (holder, renewed):
            self._seen = _Seen(holder, renewed, now)
        return now - self._seen.at > self.duration_seconds

    def _create(self) -> bool:
        spec = {
            "holderIdentity": self._identity,
            "leaseDurationSeconds": int(self.duration_seconds),
            "acquireTime": _micro_time(),
            "renewTime": _micro_time(),
            "leaseTransitions": 0,
        }
        body = {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": self._name},
            "spec": spec,
        }
        return self._take("POST", self._collection, body)

    def _write(self, lease: dict[str, Any], changes: dict[str, Any]) -> bool:
        return self._take("PATCH", self._path, _changed(lease, changes))

    def _take(self, method: str, path: str, body: dict[str, Any]) -> bool:
        sent_at = self._clock()
        try:
            self._call(method, path, body)
        except Conflict:
            return False
        self._held_until = sent_at + self.lead_seconds
        return True

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        return self._connection.call(method, path, body=body, attempts=1, read_seconds=READ_SECONDS)


def _changed(lease: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {"metadata": {"resourceVersion": lease["metadata"]["resourceVersion"]}, "spec": changes}


def _micro_time() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
