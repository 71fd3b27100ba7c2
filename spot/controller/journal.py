"""Records on the API server, one ConfigMap an interruption, until the portal has their last state.

A Node takes its annotations along when it goes; this is what is left of its interruption then.
"""

from __future__ import annotations

import json
import logging
from typing import Any

from spot import names
from spot.errors import Missing
from spot.kube.connection import Connection
from spot.kube.kinds import CONFIG_MAPS
from spot.record import Record, from_json, to_json

log = logging.getLogger(__name__)
KEY = "record.json"


class Journal:
    """The ConfigMaps of one namespace."""

    def __init__(self, connection: Connection, namespace: str) -> None:
        self._connection, self._namespace = connection, namespace

    def load(self) -> list[Record]:
        """All records; one that cannot be read is left out and said in the log."""
        query = {"labelSelector": f"{names.RECORD}=true"}
        found = self._connection.call("GET", CONFIG_MAPS.path(self._namespace), query=query)
        records = []
        for item in found["items"]:
            try:
                records.append(from_json(json.loads(item["data"][KEY])))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                log.error("ConfigMap %s holds no record: %s", item["metadata"]["name"], error)
        return records

    def save(self, record: Record) -> None:
        """Write it; the newest revision is the caller's to give."""
        body: dict[str, Any] = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": _name(record.id), "labels": {names.RECORD: "true"}},
            "data": {KEY: json.dumps(to_json(record, whole=True), separators=(",", ":"))},
        }
        try:
            self._connection.call("PATCH", CONFIG_MAPS.path(self._namespace, _name(record.id)), body=body)
        except Missing:
            self._connection.call("POST", CONFIG_MAPS.path(self._namespace), body=body)

    def drop(self, interruption: str) -> None:
        """The portal has it."""
        try:
            self._connection.call("DELETE", CONFIG_MAPS.path(self._namespace, _name(interruption)))
        except Missing:
            return


def _name(interruption: str) -> str:
    return f"interruption-{interruption}"
