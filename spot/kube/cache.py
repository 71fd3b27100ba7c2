"""What the handler decides on, kept in step by list and watch: a look asks nothing of the API server."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections import defaultdict, deque
from collections.abc import Iterable

from spot import pods
from spot.backoff import pause_seconds
from spot.errors import SpotError
from spot.kube.connection import Connection, Expired
from spot.kube.kinds import KINDS, Kind
from spot.pods import JsonMap, Key

log = logging.getLogger(__name__)

# The server sends a bookmark about once a minute: longer silence is a dead connection.
QUIET_SECONDS = 100.0
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 5.0
PAGE = 500


class Cache:
    """Objects of the watched kinds, as raw JSON. Thread-safe; what it gives must not be changed."""

    def __init__(self, connection: Connection, kinds: Iterable[str] = KINDS) -> None:
        self._connection = connection
        self._changed = threading.Condition()
        self._version = 0
        self._stopped = False
        self._objects: dict[str, dict[Key, JsonMap]] = {kind: {} for kind in kinds}
        self._pods_on: dict[str, set[Key]] = defaultdict(set)
        # The same objects by kind and namespace: a look asks for one namespace after the other.
        self._within: dict[tuple[str, str], dict[Key, JsonMap]] = defaultdict(dict)
        self._synced: set[str] = set()
        # What is gone is gone: an answer that comes after the news of a deletion brings nothing back.
        self._gone: deque[str] = deque(maxlen=10_000)
        self._threads = [
            threading.Thread(target=self._follow, args=(kind,), name=f"watch {kind}", daemon=True)
            for kind in self._objects
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    @property
    def synced(self) -> bool:
        """Whether every kind has been listed."""
        return len(self._synced) == len(self._objects)

    def wait_synced(self, seconds: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: self.synced or self._stopped, seconds)

    @property
    def version(self) -> int:
        """Grows with every change."""
        return self._version

    def wait_changed(self, since: int, seconds: float) -> int:
        """The version once it is past `since`, or after `seconds`."""
        with self._changed:
            self._changed.wait_for(lambda: self._version > since or self._stopped, seconds)
            return self._version

    def get(self, kind: str, namespace: str, name: str) -> JsonMap | None:
        with self._changed:
            return self._objects[kind].get((namespace, name))

    def all(self, kind: str, namespace: str | None = None) -> list[JsonMap]:
        with self._changed:
            found = self._objects[kind]
            if namespace is None:
                return list(found.values())
            return list(self._within.get((kind, namespace), {}).values())

    def pods_on(self, node: str) -> list[JsonMap]:
        with self._changed:
            return [self._objects["Pod"][key] for key in self._pods_on.get(node, ())]

    def put(self, kind: str, item: JsonMap) -> None:
        """What a request answered: seen before the watch tells it, so that nothing is done twice."""
        if kind in self._objects and item.get("metadata"):
            with self._changed:
                self._set(kind, item)

    def _follow(self, name: str) -> None:
        kind, trouble = KINDS[name], 0
        while not self._stopped:
            try:
                version = self._list(name, kind)
                trouble = 0
                while not self._stopped:
                    version = self._watch(name, kind, version)
            except Expired:
                continue
            except SpotError as error:
                trouble += 1
                log.warning("the watch of %s is made anew: %s", name, error)
                time.sleep(pause_seconds(trouble, FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS))
            except Exception:
                trouble += 1
                log.exception("the watch of %s is made anew", name)
                time.sleep(pause_seconds(trouble, FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS))

    def _list(self, name: str, kind: Kind) -> str:
        query = {"limit": str(PAGE), **kind.query}
        seen: set[Key] = set()
        while True:
            answer = self._connection.call("GET", kind.path(None), query=query)
            with self._changed:
                for item in answer["items"]:
                    seen.add(pods.key(item))
                    self._set(name, item)
            if not (more := answer["metadata"].get("continue")):
                break
            query["continue"] = more
        version = str(answer["metadata"]["resourceVersion"])
        with self._changed:
            for key in set(self._objects[name]) - seen:
                # One that was made after this list is told by the watch: it is not old news.
                if _version(self._objects[name][key]) <= int(version):
                    self._remove(name, key)
            self._synced.add(name)
            self._bump()
        return version

    def _watch(self, name: str, kind: Kind, version: str) -> str:
        query = {
            "resourceVersion": version,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(random.randint(240, 360)),  # noqa: S311
            **kind.query,
        }
        for what, item in self._connection.watch(kind.path(None), query=query, quiet_seconds=QUIET_SECONDS):
            version = item["metadata"]["resourceVersion"]
            if what == "BOOKMARK":
                continue
            with self._changed:
                if self._stopped:
                    return version
                if what == "DELETED":
                    known = self._objects[name].get(pods.key(item))
                    if known is not None and known["metadata"]["uid"] == item["metadata"]["uid"]:
                        self._remove(name, pods.key(item))
                        self._bump()
                else:
                    self._set(name, item)
        return version

    def _set(self, kind: str, item: JsonMap) -> None:
        key = pods.key(item)
        known = self._objects[kind].get(key)
        # An answer may overtake the watch: what is older than what is known is not news. The API server says
        # that resourceVersions of one kind compare as numbers (Kubernetes enhancement 5504).
        if known is not None and _version(known) >= _version(item):
            return
        if item["metadata"]["uid"] in self._gone:
            return
        item["metadata"].pop("managedFields", None)
        if kind == "Pod":
            if known is not None:
                self._pods_on[pods.node(known)].discard(key)
            self._pods_on[pods.node(item)].add(key)
        self._objects[kind][key] = self._within[kind, key[0]][key] = item
        self._bump()

    def _remove(self, kind: str, key: Key) -> None:
        gone = self._objects[kind].pop(key, None)
        if gone is not None:
            within = self._within[kind, key[0]]
            del within[key]
            if not within:
                del self._within[kind, key[0]]
            self._gone.append(gone["metadata"]["uid"])
            if kind == "Pod":
                self._pods_on[pods.node(gone)].discard(key)

    def _bump(self) -> None:
        self._version += 1
        self._changed.notify_all()


def _version(item: JsonMap) -> int:
    return int(item["metadata"]["resourceVersion"])
