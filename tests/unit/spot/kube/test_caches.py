"""What the handler looks at: the newest it was told, by a watch or by an answer, and nothing that is gone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

import pytest

from spot.errors import TemporaryError
from spot.kube.cache import Cache
from spot.kube.connection import Expired
from spot.kube.kinds import KINDS
from spot.pods import JsonMap


def item(name: str, version: int, uid: str = "", namespace: str = "club", node: str = "") -> JsonMap:
    metadata = {"name": name, "namespace": namespace, "uid": uid or name, "resourceVersion": str(version)}
    return {"metadata": metadata, "spec": {"nodeName": node}}


class Told:
    """A connection that says what a test has written down."""

    def __init__(self, pages: list[list[JsonMap]], events: list[tuple[str, JsonMap]], version: int) -> None:
        self.pages, self.events, self.version = pages, events, version
        self.queries: list[dict[str, str]] = []

    def call(self, method: str, path: str, *, query: Mapping[str, str]) -> JsonMap:
        self.queries.append(dict(query))
        page = int(query.get("continue", 0))
        more = {"continue": str(page + 1)} if page + 1 < len(self.pages) else {}
        return {"items": self.pages[page], "metadata": {"resourceVersion": str(self.version), **more}}

    def watch(self, path: str, *, query: Mapping[str, str], quiet_seconds: float) -> Iterator[Any]:
        yield from self.events


def cache(*items: JsonMap, events: list[tuple[str, JsonMap]] | None = None, version: int = 10) -> Cache:
    """After one list and one watch."""
    told = Told([list(items)], events or [], version)
    cache = Cache(cast("Any", told), ["Pod"])
    cache._watch("Pod", KINDS["Pod"], cache._list("Pod", KINDS["Pod"]))
    return cache


def names(cache: Cache, namespace: str | None = None) -> list[str]:
    return sorted(each["metadata"]["name"] for each in cache.all("Pod", namespace))


def test_a_list_comes_in_pages_and_the_watch_goes_on_from_it() -> None:
    told = Told([[item("a", 1)], [item("b", 2)]], [], 7)
    found = Cache(cast("Any", told), ["Pod"])
    assert found._list("Pod", KINDS["Pod"]) == "7"
    assert names(found) == ["a", "b"] and found.synced


def test_events_change_it_and_bookmarks_only_move_the_place() -> None:
    events = [
        ("ADDED", item("b", 11)),
        ("MODIFIED", item("a", 12, node="n")),
        ("DELETED", item("b", 13)),
        ("BOOKMARK", item("", 20)),
    ]
    found = cache(item("a", 1), events=events)
    assert names(found) == ["a"]
    assert [each["metadata"]["name"] for each in found.pods_on("n")] == ["a"]


def test_an_older_word_than_the_answer_to_a_request_is_no_news() -> None:
    found = cache(item("a", 1))
    found.put("Pod", item("a", 15, node="new"))
    found.put("Pod", item("a", 12, node="old"))
    assert found.pods_on("new") and not found.pods_on("old")


def test_what_is_gone_does_not_come_back_by_a_late_answer() -> None:
    found = cache(item("a", 1), events=[("DELETED", item("a", 12))])
    found.put("Pod", item("a", 11))
    assert names(found) == []
    found.put("Pod", item("a", 13, uid="another of that name"))
    assert names(found) == ["a"]


def test_the_deletion_of_an_earlier_one_of_that_name_takes_nothing_away() -> None:
    found = cache(item("a", 11, uid="second"), events=[("DELETED", item("a", 12, uid="first"))])
    assert names(found) == ["a"]


def test_a_list_anew_forgets_what_is_not_there_any_more_but_not_what_came_since() -> None:
    found = cache(item("old", 1), item("kept", 2))
    found.put("Pod", item("fresh", 30))
    found._connection = cast("Any", Told([[item("kept", 2)]], [], 20))
    found._list("Pod", KINDS["Pod"])
    assert names(found) == ["fresh", "kept"]


def test_it_is_asked_by_namespace_and_by_node() -> None:
    found = cache(item("a", 1, namespace="x", node="n"), item("a", 2, "other", namespace="y", node="n"))
    assert names(found, "x") == names(found, "y") == ["a"] and names(found, "z") == []
    assert len(found.pods_on("n")) == 2
    found.put("Pod", item("a", 5, namespace="x", node="m"))
    assert len(found.pods_on("n")) == 1
    assert found.get("Pod", "x", "a") is found.all("Pod", "x")[0]


def test_every_change_is_news_to_who_waits() -> None:
    found = cache(item("a", 1))
    before = found.version
    assert found.wait_changed(before, 0.01) == before
    found.put("Pod", item("a", 9))
    assert found.wait_changed(before, 60) > before


def test_an_expired_place_is_the_followers_to_think_about() -> None:
    class Cut(Told):
        def watch(self, *_: Any, **__: Any) -> Iterator[Any]:
            raise Expired("too old")

    found = Cache(cast("Any", Cut([[]], [], 1)), ["Pod"])
    with pytest.raises(Expired):
        found._watch("Pod", KINDS["Pod"], "1")


def test_an_hour_without_the_api_server_ends_no_watch(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pause that doubles without bound no longer fits into a float after a thousand tries."""
    pauses: list[float] = []

    class Silent(Told):
        def call(self, method: str, path: str, *, query: Mapping[str, str]) -> JsonMap:
            if len(pauses) == 2000:
                found.stop()
            raise TemporaryError("nobody answers")

    monkeypatch.setattr("spot.kube.cache.time.sleep", pauses.append)
    found = Cache(cast("Any", Silent([], [], 1)), ["Pod"])
    found._follow("Pod")
    assert len(pauses) > 2000 and max(pauses) <= 5
