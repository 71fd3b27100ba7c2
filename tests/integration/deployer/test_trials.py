"""A new release gets no visitor, and no old pod goes, before it has answered once: on a real API server."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from deployer.kube import Kube
from deployer.kube.objects import at
from deployer.rollout import RolloutOutcome, names
from tests.integration.deployer.kubelet import container, eventually
from tests.integration.deployer.test_rollouts import Scene, end, ingress, scene

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
    scene.settings = replace(scene.settings, progress_deadline_seconds=60)
    scene.rollouts.apply(scene.order)
    scene.become_ready(3)
    return scene


def test_visitors_stay_with_the_old_release_until_the_new_one_has_answered(
    kube: Kube, serving: Scene
) -> None:
    order = replace(serving.order, release=4, fence=8)
    with ingress([503, 503, 503, 503, 200]) as (url, asked):
        serving.settings = replace(serving.settings, ingress_probe_url=url)
        serving.rollouts.apply(order)
        kept_to = {**names.selector("blog"), names.RELEASE: "3"}
        assert selector(kube, serving) == kept_to
        _, outcomes, thread = serving.follow(order)
        serving.become_ready(4)
        eventually(lambda: len(asked) >= 3)
        assert selector(kube, serving) == kept_to
        assert len(old_ones(serving)) == 1
        for pod in eventually(lambda: [p for p in serving.kubelet.pods(**{names.RELEASE: "3"}) if _goes(p)]):
            serving.kubelet.remove(pod)
        assert end(thread, outcomes) == RolloutOutcome("live")
    assert set(asked[:-1]) == {TRIAL}
    assert asked[-1] == "blog.madang.localhost"
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


def _goes(pod: dict[str, Any]) -> bool:
    return "deletionTimestamp" in pod["metadata"]
