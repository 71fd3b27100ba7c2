"""Whether a new release has to prove itself, and who serves meanwhile."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import kubernetes_validate
import pytest

from deployer.rollout import manifests, names, trial
from deployer.rollout.trial import Trial, begin
from tests.unit.deployer.orders import ROLLOUT_SETTINGS, rollout_order

NEW = rollout_order(release=4)
PLAIN = manifests.service(NEW)


def running(release: int, *, held: bool = False) -> dict[str, Any]:
    found = manifests.deployment(rollout_order(release=release), ROLLOUT_SETTINGS)
    return trial.hold(found) if held else found


def pod(release: int, *, ready: bool = True, going: bool = False) -> dict[str, Any]:
    metadata: dict[str, Any] = {"labels": {names.RELEASE: str(release)}}
    if going:
        metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    status = "True" if ready else "False"
    return {"metadata": metadata, "status": {"conditions": [{"type": "Ready", "status": status}]}}


def test_a_new_release_is_on_trial_while_the_one_before_serves() -> None:
    assert begin(NEW, running(3), PLAIN, [pod(3)]) == Trial(True, "3")


@pytest.mark.parametrize("pods", [[], [pod(3, ready=False)], [pod(3, going=True)]])
def test_where_nobody_serves_nobody_is_protected(pods: list[dict[str, Any]]) -> None:
    assert begin(NEW, running(3), PLAIN, pods) == Trial()


def test_a_first_release_and_one_with_a_health_path_have_no_trial() -> None:
    assert begin(NEW, None, None, []) == Trial()
    assert begin(replace(NEW, health_path="/up"), running(3), PLAIN, [pod(3)]) == Trial()


def test_the_next_worker_goes_on_with_the_trial() -> None:
    kept = trial.keep_to(PLAIN, "3")
    assert begin(NEW, running(4, held=True), kept, [pod(3), pod(4)]) == Trial(True, "3")


def test_a_trial_that_has_ended_does_not_begin_again() -> None:
    assert begin(NEW, running(4), PLAIN, [pod(3), pod(4)]) == Trial()


def test_a_newer_release_takes_over_the_trial_and_who_serves_stays() -> None:
    kept = trial.keep_to(PLAIN, "3")
    newer = replace(NEW, release=5)
    assert begin(newer, running(4, held=True), kept, [pod(3), pod(4), pod(4)]) == Trial(True, "3")


def test_the_way_back_is_no_trial_and_the_bad_release_gets_no_visitors_on_it() -> None:
    back, kept = replace(NEW, release=3), trial.keep_to(PLAIN, "3")
    assert begin(back, running(4, held=True), kept, [pod(3), pod(4)]) == Trial(False, "3")
    assert begin(back, running(4), PLAIN, [pod(4)]) == Trial()


def test_nobody_is_kept_to_a_release_that_was_on_trial_itself() -> None:
    newer, kept = replace(NEW, release=5), trial.keep_to(PLAIN, "3")
    held = running(4, held=True)
    assert begin(newer, held, kept, [pod(3, ready=False), pod(4)]) == Trial()
    # Its worker died as it had let visitors in, and not yet ended the trial.
    assert begin(newer, held, PLAIN, [pod(3), pod(4)]) == Trial(True, "3")


def test_a_health_path_lets_no_visitor_to_the_pods_on_trial_before_it() -> None:
    kept, held = trial.keep_to(PLAIN, "3"), running(4, held=True)
    newer = replace(NEW, release=5, health_path="/up")
    assert begin(newer, held, kept, [pod(3), pod(4)]) == Trial(True, "3")
    assert begin(newer, running(5, held=True), kept, [pod(3), pod(5)]) == Trial(True, "3")
    assert begin(newer, running(5), PLAIN, [pod(3), pod(5)]) == Trial()
    back = replace(NEW, release=3, health_path="/up")
    assert begin(back, held, kept, [pod(3), pod(4)]) == Trial(False, "3")


def test_of_two_that_serve_the_one_with_more_pods_goes_on() -> None:
    assert begin(replace(NEW, release=5), running(4), PLAIN, [pod(3), pod(3), pod(4)]) == Trial(True, "3")


def test_no_old_pod_goes_for_one_on_trial_and_its_pods_are_the_same_after_it() -> None:
    plain = manifests.deployment(NEW, ROLLOUT_SETTINGS)
    held = trial.hold(plain)
    assert held["spec"]["minReadySeconds"] < held["spec"]["progressDeadlineSeconds"] == 2**31 - 1
    assert held["spec"]["template"] == plain["spec"]["template"]
    assert (trial.is_held(held), trial.is_held(plain)) == (True, False)


def test_the_way_to_it_reaches_this_release_alone_and_no_project_can_have_its_name() -> None:
    service, ingress = trial.route(NEW, ROLLOUT_SETTINGS)
    for item in (service, ingress, trial.hold(manifests.deployment(NEW, ROLLOUT_SETTINGS))):
        kubernetes_validate.validate(item, "1.35", strict=True)
    assert service["spec"]["selector"] == {**names.selector("blog"), names.RELEASE: "4"}
    assert ingress["spec"]["rules"][0]["host"] == "trial.blog.madang.localhost"
    backend = ingress["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["name"]
    assert service["metadata"]["name"] == ingress["metadata"]["name"] == backend == "blog--trial"
    assert service["metadata"]["labels"][names.PROJECT] == "blog"
    assert manifests.service(NEW)["spec"]["selector"] == names.selector("blog")
