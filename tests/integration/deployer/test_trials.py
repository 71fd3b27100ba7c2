"""A new release gets no visitor, and no old pod goes, before it has answered once: on a real API server."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import pytest

from deployer.kube import Kube
from deployer.kube.objects import at
from deployer.kube.pods import HANDOFF
from deployer.rollout import RolloutOrder, RolloutOutcome, names
from tests.integration.deployer.kubelet import container, eventually
from tests.integration.deployer.test_rollouts import READY, Scene, end, ingress, scene

__all__ = ["scene"]

TRIAL = "trial.blog.madang.localhost"


def selector(kube: Kube, scene: Scene) -> dict[str, str]:
    found = kube.get("Service", scene.namespace, "blog")
    assert found is not None
    return dict(found["spec"]["selector"])


def old_ones(scene: Scene) -> list[dict[str, Any]]:
    found = scene.kubelet.pods(**{names.PROJECT: "blog", names.RELEASE: "3"})
    return [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]


@pytest.fixture
def serving(scene: Scene) -> Scene:
    """Release 3 serves."""
    scene.rollouts.apply(scene.order)
    scene.become_ready(3)
    return scene


def test_visitors_stay_with_the_old_release_until_the_new_one_has_answered(
    kube: Kube, serving: Scene
) -> None:
    order = replace(serving.order, release=4, fence=8)
    answers = [503]
    with ingress(answers) as (url, asked):
        serving.settings = replace(serving.settings, ingress_probe_url=url)
        serving.rollouts.apply(order)
        kept_to = {**names.selector("blog"), names.RELEASE: "3"}
        assert selector(kube, serving) == kept_to
        _, outcomes, thread = serving.follow(order)
        serving.become_ready(4)
        eventually(lambda: len(asked) >= 3)
        assert selector(kube, serving) == kept_to
        assert len(old_ones(serving)) == 1
        answers.append(200)
        for pod in eventually(lambda: [p for p in serving.kubelet.pods(**{names.RELEASE: "3"}) if _goes(p)]):
            serving.kubelet.remove(pod)
        assert end(thread, outcomes) == RolloutOutcome("live")
    led = asked.index("blog.madang.localhost")
    assert set(asked[:led]) == {TRIAL}
    assert set(asked[led:]) == {"blog.madang.localhost"}
    assert selector(kube, serving) == names.selector("blog")
    assert kube.get("Ingress", serving.namespace, "blog--trial") is None
    assert kube.get("Service", serving.namespace, "blog--trial") is None
    deployment = kube.get("Deployment", serving.namespace, "blog")
    assert at(deployment, "spec", "progressDeadlineSeconds") < 2**31 - 1


def test_a_release_that_crashes_after_its_port_was_open_never_had_a_visitor(
    kube: Kube, serving: Scene
) -> None:
    order = replace(serving.order, release=4, fence=8)
    with ingress([502]) as (url, asked):
        serving.settings = replace(serving.settings, ingress_probe_url=url)
        serving.rollouts.apply(order)
        _, outcomes, thread = serving.follow(order)
        serving.become_ready(4)
        eventually(lambda: TRIAL in asked)
        crashed = container(
            "app",
            waiting={"reason": "CrashLoopBackOff"},
            restartCount=1,
            lastState={"terminated": {"exitCode": 3, "reason": "Error"}},
        )
        unready = [{"type": "Ready", "status": "False"}]
        serving.kubelet.write(serving.pod(4), conditions=unready, containerStatuses=[crashed])
        assert end(thread, outcomes).state == "failed"
    assert selector(kube, serving)[names.RELEASE] == "3"
    assert len(old_ones(serving)) == 1
    serving.rollouts.apply(replace(serving.order, fence=9))
    assert selector(kube, serving).get(names.RELEASE, "3") == "3"
    assert kube.get("Ingress", serving.namespace, "blog--trial") is None


def test_the_next_worker_goes_on_with_a_trial(kube: Kube, serving: Scene) -> None:
    order = replace(serving.order, release=4, fence=8)
    serving.rollouts.apply(order)
    serving.become_ready(4)
    serving.rollouts.apply(replace(order, fence=9))
    assert selector(kube, serving)[names.RELEASE] == "3"
    assert kube.get("Ingress", serving.namespace, "blog--trial") is not None
    assert len(old_ones(serving)) == 1


def test_without_a_way_to_the_new_release_an_open_port_has_to_do(kube: Kube, serving: Scene) -> None:
    order = replace(serving.order, release=4, fence=8)
    with ingress([404, 404, 404, 404, 404, 404, 404, 200]) as (url, _):
        serving.settings = replace(serving.settings, ingress_probe_url=url, trial_route_seconds=1)
        serving.rollouts.apply(order)
        _, outcomes, thread = serving.follow(order)
        serving.become_ready(4)
        eventually(lambda: names.RELEASE not in selector(kube, serving))
        for pod in eventually(lambda: [p for p in serving.kubelet.pods(**{names.RELEASE: "3"}) if _goes(p)]):
            serving.kubelet.remove(pod)
        assert end(thread, outcomes) == RolloutOutcome("live")


def detach(kube: Kube, scene: Scene, pod: dict[str, Any]) -> dict[str, Any]:
    """As the spot handler begins a handoff; gives the replacement that the ReplicaSet makes."""
    metadata = {"labels": {"pod-template-hash": None, HANDOFF: "int-1"}, "ownerReferences": []}
    kube.merge("Pod", scene.namespace, pod["metadata"]["name"], {"metadata": metadata})
    (made,) = eventually(lambda: [each for each in old_ones(scene) if "pod-template-hash" in _labels(each)])
    return made


def prepare(scene: Scene, order: RolloutOrder) -> tuple[list[str], list[RolloutOutcome], threading.Thread]:
    sentences: list[str] = []
    outcomes: list[RolloutOutcome] = []

    def run() -> None:
        outcomes.append(scene.rollouts.prepare(order, None, lambda _: None, sentences.append, lambda: False))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return sentences, outcomes, thread


def test_a_newer_release_waits_for_the_replacement_of_the_one_that_serves(kube: Kube, serving: Scene) -> None:
    """The Deployment's controller would end it first, as it is not available: before release 4's on trial."""
    serving.rollouts.apply(replace(serving.order, release=4, fence=8))
    serving.become_ready(4)
    replacement = detach(kube, serving, serving.pod(3))
    newer = replace(serving.order, release=5, fence=9)
    sentences, outcomes, thread = prepare(serving, newer)
    eventually(lambda: "waiting until release 3 serves on another machine" in sentences)
    assert not outcomes
    serving.kubelet.bind(replacement, "node-2")
    running = container("app", running={}, ready=True, started=True)
    serving.kubelet.write(replacement, phase="Running", conditions=READY, containerStatuses=[running])
    assert end(thread, outcomes) == RolloutOutcome("prepared")
    serving.rollouts.apply(newer)
    on_trial = {names.PROJECT: "blog", names.RELEASE: "4"}
    eventually(lambda: all(_goes(pod) for pod in serving.kubelet.pods(**on_trial)))
    serving.pod(5)
    assert replacement["metadata"]["uid"] in {pod["metadata"]["uid"] for pod in old_ones(serving)}
    assert selector(kube, serving)[names.RELEASE] == "3"


def test_a_replacement_that_fails_holds_no_newer_release_up(kube: Kube, serving: Scene) -> None:
    serving.rollouts.apply(replace(serving.order, release=4, fence=8))
    replacement = detach(kube, serving, serving.pod(3))
    newer = replace(serving.order, release=5, fence=9)
    _, outcomes, thread = prepare(serving, newer)
    serving.kubelet.bind(replacement, "node-2")
    crashed = container(
        "app",
        waiting={"reason": "CrashLoopBackOff"},
        restartCount=1,
        lastState={"terminated": {"exitCode": 3, "reason": "Error"}},
    )
    serving.kubelet.write(replacement, phase="Running", containerStatuses=[crashed])
    assert end(thread, outcomes) == RolloutOutcome("prepared")


def _labels(pod: dict[str, Any]) -> dict[str, str]:
    return dict(pod["metadata"]["labels"])


def _goes(pod: dict[str, Any]) -> bool:
    return "deletionTimestamp" in pod["metadata"]
