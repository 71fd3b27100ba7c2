"""What the deployer does with a cluster, in typed words."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from deployer.errors import DeployerError, Explanation, TemporaryError
from deployer.kube.connection import Connection
from deployer.kube.logs import ContainerLine, parse_line, since_time
from deployer.kube.objects import KINDS, JsonMap, at, path, path_of, title
from deployer.kube.refusal import Missing
from deployer.sentence import Sentence

FIELD_MANAGER = "madang"


class Kube:
    """A cluster. Safe to share between threads, not between processes (make one after a fork)."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @classmethod
    def from_environment(cls) -> Kube:
        """In a pod, its service account; else the file of KUBECONFIG. PermanentError without either."""
        return cls(Connection.from_environment())

    def apply(self, manifest: Mapping[str, Any]) -> JsonMap:
        """Server-side apply as field manager "madang"; what we stop naming is removed, what others own stays.

        A `metadata.resourceVersion` in the manifest makes it conditional (Conflict when it has moved on).
        """
        applied: JsonMap = self._connection.call(
            "PATCH",
            path_of(manifest),
            Sentence("apply {object}", object=title(manifest)),
            query={"fieldManager": FIELD_MANAGER, "force": "true"},
            body=manifest,
            content_type="application/apply-patch+yaml",
        )
        return applied

    def create(self, manifest: Mapping[str, Any]) -> JsonMap:
        """Make the object; Conflict when its name is taken (by an earlier try whose answer was lost, too)."""
        metadata = manifest["metadata"]
        created: JsonMap = self._connection.call(
            "POST",
            path(manifest["kind"], metadata.get("namespace")),
            Sentence("create {object}", object=title(manifest)),
            query={"fieldManager": FIELD_MANAGER},
            body=manifest,
        )
        return created

    def get(self, kind: str, namespace: str | None, name: str) -> JsonMap | None:
        """The object, or None."""
        try:
            found: JsonMap = self._connection.call(
                "GET",
                path(kind, namespace, name),
                Sentence("read {object}", object=f"{kind} {namespace or ''}/{name}"),
            )
        except Missing:
            return None
        return found

    def find(
        self,
        kind: str,
        namespace: str | None,
        *,
        labels: Mapping[str, str] | None = None,
        fields: Mapping[str, str] | None = None,
    ) -> list[JsonMap]:
        """All objects of a kind that carry the labels and whose fields are as given."""
        query = {
            "labelSelector": ",".join(f"{name}={value}" for name, value in (labels or {}).items()),
            "fieldSelector": ",".join(f"{name}={value}" for name, value in (fields or {}).items()),
        }
        answer = self._connection.call(
            "GET",
            path(kind, namespace),
            Sentence("list {kind}s of {namespace}", kind=kind, namespace=namespace)
            if namespace
            else _all_of(kind),
            query={name: value for name, value in query.items() if value},
        )
        return list(answer["items"])

    def listed(self, kind: str) -> tuple[list[JsonMap], str]:
        """All objects of a kind in the cluster, and the version that `watch` goes on from."""
        answer = self._connection.call("GET", path(kind), _all_of(kind))
        return list(answer["items"]), str(answer["metadata"]["resourceVersion"])

    def watch(
        self, kind: str, version: str, *, seconds: int = 240, quiet_seconds: float = 100.0
    ) -> Iterator[tuple[str, JsonMap]]:
        """What becomes of a kind after `version`, as (ADDED, MODIFIED, DELETED or BOOKMARK, the object).

        Ends after `seconds`, or when the server is silent for `quiet_seconds` (it sends a bookmark a minute).
        Raises TemporaryError when the version is too old: list again.
        """
        query = {
            "watch": "true",
            "resourceVersion": version,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(seconds),
        }
        doing = Sentence("watch {kind}s of the cluster", kind=kind)
        for line in self._connection.lines(path(kind), doing, query=query, quiet_seconds=quiet_seconds):
            event = json.loads(line)
            if event["type"] == "ERROR":
                raise TemporaryError(
                    Explanation(
                        "kubernetes-watch-ended",
                        Sentence("The cluster ended the watch of {kind}s.", kind=kind),
                        str(at(event, "object", "message", default="")),
                        "It is begun anew by itself.",
                    )
                )
            yield event["type"], event["object"]

    def merge(self, kind: str, namespace: str | None, name: str, patch: Mapping[str, Any]) -> JsonMap:
        """A JSON merge patch: only the named fields change, null removes."""
        patched: JsonMap = self._connection.call(
            "PATCH",
            path(kind, namespace, name),
            Sentence("change {object}", object=f"{kind} {namespace or ''}/{name}"),
            query={"fieldManager": FIELD_MANAGER},
            body=patch,
            content_type="application/merge-patch+json",
        )
        return patched

    def delete(self, kind: str, namespace: str | None, name: str, *, version: str | None = None) -> bool:
        """Delete the object and, in the background, what it owns; False when it was not there.

        With its `version`, only as it was read (Conflict when it has moved on).
        """
        only = {"preconditions": {"resourceVersion": version}} if version is not None else {}
        try:
            self._connection.call(
                "DELETE",
                path(kind, namespace, name),
                Sentence("delete {object}", object=f"{kind} {namespace or ''}/{name}"),
                body={"propagationPolicy": "Background", **only},
            )
        except Missing:
            return False
        return True

    def may(self, verb: str, kind: str, namespace: str) -> bool:
        """Whether the cluster lets this process do it."""
        known = KINDS[kind]
        attributes = {
            "verb": verb,
            "group": known.api_version.rpartition("/")[0],
            "resource": known.plural,
            "namespace": namespace,
        }
        review = "SelfSubjectAccessReview"
        answer = self._connection.call(
            "POST",
            path(review),
            Sentence(
                "ask whether it may {verb} {kind} of {namespace}",
                verb=verb,
                kind=known.plural,
                namespace=namespace,
            ),
            body={
                "apiVersion": KINDS[review].api_version,
                "kind": review,
                "spec": {"resourceAttributes": attributes},
            },
        )
        return bool(answer["status"]["allowed"])

    def events(self, namespace: str, name: str) -> list[JsonMap]:
        """What the cluster reported about the object of that name, oldest first."""
        found = self.find("Event", namespace, fields={"involvedObject.name": name})
        return sorted(found, key=lambda event: event.get("lastTimestamp") or event.get("eventTime") or "")

    def last_event(self, namespace: str, name: str, **fields: str) -> str:
        """What the last event about the object with the given `type` or `reason` says, or ""."""
        found = [
            str(event.get("message", ""))
            for event in self.events(namespace, name)
            if all(event.get(field) == value for field, value in fields.items())
        ]
        return found[-1] if found else ""

    def tail(
        self, namespace: str, pod: str, container: str, lines: int, *, previous: bool = False
    ) -> list[ContainerLine]:
        """A container's last lines; with `previous`, of the run before its last restart."""
        query = {"container": container, "tailLines": str(lines), "timestamps": "true"}
        if previous:
            query["previous"] = "true"
        found = self._connection.lines(
            f"{path('Pod', namespace, pod)}/log",
            Sentence("read the log of {pod}", pod=f"{namespace}/{pod}"),
            query=query,
            quiet_seconds=10,
        )
        return [parse_line(line) for line in found]

    def end_of_log(
        self, namespace: str, pod: str, container: str, lines: int, *, previous: bool = False
    ) -> list[str] | None:
        """The texts of `tail`, or None when they cannot be had: the node may be gone."""
        try:
            return [line.text for line in self.tail(namespace, pod, container, lines, previous=previous)]
        except DeployerError:
            return None

    def stream(
        self,
        namespace: str,
        pod: str,
        container: str,
        *,
        since: datetime | None,
        tail: int | None = None,
        quiet_seconds: float = 3.0,
        stop: Callable[[], bool] | None = None,
    ) -> Iterator[ContainerLine]:
        """A container's lines after `since` as they come.

        Ends with the container, when `stop` says so, or after `quiet_seconds` of silence (call again with the
        last line's time).
        """
        query = {"container": container, "follow": "true", "timestamps": "true"}
        if since is not None:
            query["sinceTime"] = since_time(since)
        elif tail is not None:
            query["tailLines"] = str(tail)
        found = self._connection.lines(
            f"{path('Pod', namespace, pod)}/log",
            Sentence("follow the log of {pod}", pod=f"{namespace}/{pod}"),
            query=query,
            quiet_seconds=quiet_seconds,
            stop=stop,
        )
        for text in found:
            line = parse_line(text)
            # sinceTime has whole seconds: the rest is cut here.
            if since is None or line.at > since:
                yield line


def _all_of(kind: str) -> Sentence:
    return Sentence("list {kind}s of the cluster", kind=kind)
