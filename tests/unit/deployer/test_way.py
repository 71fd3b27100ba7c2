"""Visitors' way: there from the first copy that takes them to a halt, whoever writes meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import pytest

from deployer.errors import PermanentError
from deployer.kube import Kube
from deployer.rollout import names
from deployer.rollout.applying import Applying
from deployer.rollout.way import Way
from tests.unit.deployer.orders import ROLLOUT_SETTINGS, rollout_order
from tests.unit.deployer.test_applying import Objects

ORDER = rollout_order(fence=3)
HALT = replace(ORDER, fence=4, replicas=0)


class Project(Objects):
    """`before` is done once, right before the call of that name for an Ingress."""

    def __init__(self) -> None:
        super().__init__()
        self.before: dict[str, Callable[[], object]] = {}

    @property
    def applying(self) -> Applying:
        return Applying(cast("Kube", self), ROLLOUT_SETTINGS)

    @property
    def way(self) -> Way:
        return Way(cast("Kube", self), ROLLOUT_SETTINGS)

    @property
    def host(self) -> str | None:
        """Where visitors are led from; None: nowhere."""
        found = self.items.get(("Ingress", "blog"))
        return None if found is None else str(found["spec"]["rules"][0]["host"])

    def take_visitors(self) -> None:
        endpoints = [{"addresses": ["10.244.1.7"], "conditions": {"ready": True}}]
        self.items["EndpointSlice", "blog-1"] = {"endpoints": endpoints}

    def take_none(self) -> None:
        self.items.pop(("EndpointSlice", "blog-1"), None)

    def apply(self, manifest: dict[str, Any]) -> None:
        self._meanwhile("apply", manifest["kind"])
        super().apply(manifest)

    def create(self, manifest: dict[str, Any]) -> dict[str, Any]:
        self._meanwhile("create", manifest["kind"])
        return super().create(manifest)

    def delete(self, kind: str, namespace: str, name: str, *, version: str | None = None) -> bool:
        self._meanwhile("delete", kind)
        return super().delete(kind, namespace, name, version=version)

    def _meanwhile(self, call: str, kind: str) -> None:
        if kind == "Ingress" and (happens := self.before.pop(call, None)):
            happens()


@pytest.fixture
def project() -> Project:
    return Project()


@pytest.fixture
def serving(project: Project) -> Project:
    project.take_visitors()
    project.applying.apply(ORDER)
    assert project.host == ORDER.hostname
    return project


def refused(call: Callable[[], object]) -> bool:
    with pytest.raises(PermanentError) as error:
        call()
    return error.value.explanation.reason == "superseded"


def test_a_first_release_is_led_to_once_a_copy_takes_visitors(project: Project) -> None:
    project.applying.apply(ORDER)
    assert project.applying.lead(ORDER) is False
    assert project.host is None
    project.take_visitors()
    assert project.applying.lead(ORDER) is True
    assert project.host == ORDER.hostname


def test_a_project_whose_copies_do_not_come_back_is_led_to_whenever_they_do(project: Project) -> None:
    project.applying.apply(ORDER)
    assert project.applying.lead(ORDER, at_once=True) is True
    assert project.host == ORDER.hostname


def test_a_way_that_stands_goes_on_whether_copies_are_ready_or_not(serving: Project) -> None:
    serving.take_none()
    serving.applying.apply(replace(ORDER, fence=4, release=4, hostname="elsewhere.madang.localhost"))
    assert serving.host == "elsewhere.madang.localhost"


def test_a_way_that_somebody_took_comes_back_at_once_while_copies_serve(serving: Project) -> None:
    del serving.items["Ingress", "blog"]
    serving.applying.apply(replace(ORDER, fence=4))
    assert serving.host == ORDER.hostname


def test_a_halt_takes_the_way_before_the_copies(serving: Project) -> None:
    serving.stop_at = "Deployment"
    with pytest.raises(KeyboardInterrupt):
        serving.applying.apply(HALT)
    assert serving.host is None


def test_a_halted_project_is_led_to_again_when_its_copies_are_back(serving: Project) -> None:
    serving.applying.apply(HALT)
    serving.take_none()
    back = replace(ORDER, fence=5)
    serving.applying.apply(back)
    assert serving.host is None
    serving.take_visitors()
    assert serving.applying.lead(back) is True
    assert serving.host == ORDER.hostname


def test_a_rollout_between_a_halts_look_and_its_deed_keeps_its_visitors(serving: Project) -> None:
    newer = replace(ORDER, fence=5, release=4)
    serving.before["delete"] = lambda: serving.applying.apply(newer)
    assert refused(lambda: serving.applying.apply(HALT))
    assert serving.host == ORDER.hostname
    assert serving.items["Deployment", "blog"]["spec"]["replicas"] == 1


def test_a_late_follower_leads_nobody_to_a_halted_project(serving: Project) -> None:
    serving.applying.apply(HALT)
    assert refused(lambda: serving.applying.lead(ORDER))
    assert serving.host is None


@pytest.mark.parametrize("call", ["apply", "create"])
def test_a_halt_between_a_late_followers_look_and_its_deed_stays(serving: Project, call: str) -> None:
    """Its way stood as it looked, or it found none and makes one."""
    if call == "create":
        del serving.items["Ingress", "blog"]
    serving.before[call] = lambda: serving.applying.apply(HALT)
    assert refused(lambda: serving.way.lead(ORDER))
    assert serving.host is None


def test_what_a_late_follower_made_and_a_newer_rollout_took_over_stays(serving: Project) -> None:
    del serving.items["Ingress", "blog"]
    newer = replace(ORDER, fence=5)

    def meanwhile() -> None:
        # Its Service is written; its own look for a way comes after the late one's deed.
        serving.items["Service", "blog"]["metadata"]["annotations"] = {names.FENCE: "5"}
        serving.before["delete"] = lambda: serving.way.lead(newer)

    serving.before["create"] = meanwhile
    assert refused(lambda: serving.way.lead(ORDER))
    assert serving.host == ORDER.hostname
    assert serving.items["Ingress", "blog"]["metadata"]["annotations"][names.FENCE] == "5"
