"""Which of the controllers leads: a Lease of coordination.k8s.io, as client-go elects.

The Python client's own election knows only ConfigMaps and ends the process on a wrong setting. Two leaders
for a moment do no harm here: every write is conditional on what was read.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from spot.errors import Conflict, Missing
from spot.kube.connection import Connection
from spot.kube.kinds import LEASES


@dataclass(frozen=True)
class _Seen:
    holder: str
    renewed: str
    at: float


class Lease:
    """`duration_seconds` after the last renewal that it saw, another may take it. Its own clock counts."""

    def __init__(
        self,
        connection: Connection,
        namespace: str,
        name: str,
        identity: str,
        duration_seconds: float = 6.0,
    ) -> None:
        self._connection, self._identity = connection, identity
        self.duration_seconds = duration_seconds
        self._collection = LEASES.path(namespace)
        self._path = LEASES.path(namespace, name)
        self._name = name
        self._seen: _Seen | None = None

    def hold(self) -> bool:
        """Take or renew it; whether it is ours now. Raises TemporaryError or PermanentError."""
        try:
            lease = self._connection.call("GET", self._path, attempts=1)
        except Missing:
            return self._create()
        spec = lease.get("spec") or {}
        holder, renewed = str(spec.get("holderIdentity") or ""), str(spec.get("renewTime") or "")
        if holder not in ("", self._identity) and not self._expired(holder, renewed):
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
        """Let the next one take it at once, if it is ours."""
        lease = self._connection.call("GET", self._path)
        if (lease.get("spec") or {}).get("holderIdentity") == self._identity:
            self._write(lease, {"holderIdentity": "", "renewTime": _micro_time()})

    def _expired(self, holder: str, renewed: str) -> bool:
        now = time.monotonic()
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
        try:
            self._connection.call("POST", self._collection, body=body, attempts=1)
        except Conflict:
            return False
        return True

    def _write(self, lease: dict[str, Any], changes: dict[str, Any]) -> bool:
        metadata = {"resourceVersion": lease["metadata"]["resourceVersion"]}
        try:
            self._connection.call(
                "PATCH", self._path, body={"metadata": metadata, "spec": changes}, attempts=1
            )
        except Conflict:
            return False
        return True


def _micro_time() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
