"""The agent's own Node, of which it may write one annotation and nothing else."""

from __future__ import annotations

from typing import Any, Protocol

from spot import pods
from spot.names import METADATA


class Api(Protocol):
    """As spot.kube.Connection has it."""

    def call(self, method: str, path: str, *, body: Any = None, attempts: int = ...) -> Any: ...


class OwnNode:
    """Writes at once or not at all: the agent's loop comes again.

    Raises Missing while the Node is not there, TemporaryError, or PermanentError when it may not write.
    """

    def __init__(self, api: Api, name: str) -> None:
        self._api = api
        self._path = f"/api/v1/nodes/{name}"

    def annotation(self) -> str | None:
        """The value as it stands, the answer to a patch that changes nothing: needs no right to read."""
        return self._patch({})

    def annotate(self, value: str) -> None:
        self._patch({"metadata": {"annotations": {METADATA: value}}})

    def _patch(self, body: dict[str, Any]) -> str | None:
        node = self._api.call("PATCH", self._path, body=body, attempts=1)
        return pods.notes(node).get(METADATA)
