"""What each step writes on the pod, and that the way back leads to where it began."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from spot import names
from spot.errors import Conflict, Missing
from spot.handoff.decision import Detach, Evict, Mark, Unserve
from spot.handoff.steps import Steps, detached, marked, restored, unserved
from spot.kube.connection import Refused
from tests.unit.spot.handoff.objects import NOW, SECOND, pod
from tests.unit.spot.handoff.test_decisions import ALONE, DETACHED

BEFORE = pod("old", labels={"tier": "web"}, notes={"theirs": "kept"})
ATTACHED = replace(DETACHED, raw=BEFORE, detached=False, group=ALONE)
DEADLINE = NOW + timedelta(minutes=2)


def merged(one: dict[str, Any], metadata: dict[str, Any]) -> dict[str, Any]:
    """As a merge patch does it (RFC 7386)."""
    after = copy.deepcopy(one)
    for name in ("labels", "annotations"):
        both = {**after["metadata"][name], **metadata.get(name, {})}
        after["metadata"][name] = {key: value for key, value in both.items() if value is not None}
    owners = metadata.get("ownerReferences", after["metadata"]["ownerReferences"])
    after["metadata"]["ownerReferences"] = owners
    return after


def test_a_detached_pod_keeps_what_a_service_looks_at_and_its_deployment() -> None:
    after = merged(BEFORE, detached(ATTACHED, "int-1", DEADLINE, NOW))["metadata"]
    assert after["labels"] == {"app": "blog", "tier": "web", names.HANDOFF: "int-1"}
    (owner,) = after["ownerReferences"]
    assert (owner["kind"], owner["uid"], owner["controller"]) == ("Deployment", "u-blog", False)
    assert after["annotations"][names.DO_NOT_DISRUPT] == "true"


def test_put_back_it_is_as_it_was_and_free_for_its_replicaset() -> None:
    gone = merged(BEFORE, detached(ATTACHED, "int-1", DEADLINE, NOW))
    stands = replace(DETACHED, raw=gone, unserve=("app",))
    gone = merged(merged(gone, unserved(stands, NOW)), marked(DEADLINE))
    back = merged(gone, restored(gone))
    assert back["metadata"]["labels"] == BEFORE["metadata"]["labels"]
    assert back["metadata"]["annotations"] == BEFORE["metadata"]["annotations"]
    assert back["metadata"]["ownerReferences"] == []


@pytest.mark.parametrize("before", [None, "", "false", "30m", "true"])
def test_put_back_it_may_be_disrupted_as_its_owner_said(before: str | None) -> None:
    notes = {} if before is None else {names.DO_NOT_DISRUPT: before}
    raw = pod("old", notes=notes)
    gone = merged(raw, detached(replace(ATTACHED, raw=raw), "int-1", DEADLINE, NOW))
    assert gone["metadata"]["annotations"][names.DO_NOT_DISRUPT] == "true"
    assert merged(gone, restored(gone))["metadata"]["annotations"] == notes


def test_what_others_wrote_meanwhile_stays() -> None:
    gone = merged(BEFORE, detached(ATTACHED, "int-1", DEADLINE, NOW))
    meanwhile = {"labels": {"tier": "api", "new": "1"}, "annotations": {names.DO_NOT_DISRUPT: "30m"}}
    gone = merged(gone, meanwhile)
    back = merged(gone, restored(gone))["metadata"]
    assert back["labels"] == {**BEFORE["metadata"]["labels"], "tier": "api", "new": "1"}
    assert back["annotations"] == {"theirs": "kept", names.DO_NOT_DISRUPT: "30m"}


def test_a_marked_build_that_is_put_back_stays_its_jobs() -> None:
    build = merged(pod("build", owner=("Job", "build-1")), marked(DEADLINE))
    back = merged(build, restored(build))
    assert back["metadata"]["ownerReferences"] == build["metadata"]["ownerReferences"]
    assert names.INTERRUPTED_UNTIL not in back["metadata"]["annotations"]


class Answers:
    """A connection and a cache in one: notes requests, answers as a test wants."""

    def __init__(self, *errors: Exception) -> None:
        self.errors, self.sent, self.kept = list(errors), list[tuple[str, str, Any]](), list[Any]()

    def call(self, method: str, path: str, *, body: Any) -> Any:
        self.sent.append((method, path, body))
        if self.errors:
            raise self.errors.pop(0)
        return {"metadata": {}}

    def only_while(self, may_write: Callable[[], bool], otherwise: type[Exception]) -> Answers:
        if not may_write():
            raise otherwise
        return self

    def put(self, kind: str, item: Any) -> None:
        self.kept.append(item)


def do(answers: Answers, action: Any) -> None:
    steps = Steps(answers, answers)  # type: ignore[arg-type]
    steps.do(action, "int-1", DEADLINE, NOW, lambda: True)


@pytest.mark.parametrize("action", [Detach(ATTACHED), Unserve(DETACHED), Mark(DETACHED, DEADLINE)])
def test_every_patch_is_of_the_pod_that_was_looked_at_and_what_it_gives_is_seen_at_once(action: Any) -> None:
    answers = Answers()
    do(answers, action)
    ((method, path, body),) = answers.sent
    assert (method, path) == ("PATCH", "/api/v1/namespaces/club-chess/pods/old")
    assert (body["metadata"]["uid"], body["metadata"]["resourceVersion"]) == ("u-old", "1")
    assert answers.kept


def test_a_pod_that_has_gone_by_itself_is_where_it_should_be() -> None:
    do(Answers(Missing("gone")), Unserve(DETACHED))
    do(Answers(Missing("gone")), Evict(DETACHED, None, False, ""))


def test_a_pod_that_has_changed_is_looked_at_again() -> None:
    with pytest.raises(Conflict):
        do(Answers(Conflict("changed")), Unserve(DETACHED))


def test_an_eviction_asks_the_budgets_and_names_the_pod_by_its_uid() -> None:
    answers = Answers()
    do(answers, Evict(DETACHED, None, False, ""))
    ((method, path, body),) = answers.sent
    assert (method, path.rpartition("/")[2]) == ("POST", "eviction")
    assert body["deleteOptions"] == {"preconditions": {"uid": "u-old"}}


def test_a_budget_is_respected_unless_it_is_late() -> None:
    with pytest.raises(Refused):
        do(Answers(Refused("no")), Evict(DETACHED, None, False, ""))
    answers = Answers(Refused("no"))
    do(answers, Evict(DETACHED, 7 * SECOND, True, ""))
    method, _, body = answers.sent[1]
    assert method == "DELETE"
    assert body == {"preconditions": {"uid": "u-old"}, "gracePeriodSeconds": 7}
