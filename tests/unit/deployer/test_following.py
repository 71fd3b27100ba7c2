"""A build that talks without a pause is still looked after."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from deployer.build import BuildPlan, LogLine, following
from deployer.build.following import Following
from deployer.build.reclaim import INTERRUPTED_UNTIL, MAY_FINISH
from deployer.kube import Kube, patience
from deployer.kube.logs import ContainerLine
from tests.unit.deployer.orders import BUILD_SETTINGS, GENERATED, OWN, build_order

START = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)


class TalkingPod:
    """As much of a cluster as a follower asks: one running pod, whose log goes on two lines a moment.

    Its node is announced to go while the log is first read.
    """

    def __init__(self) -> None:
        self.read = 0
        self.told = "[]"

    def get(self, kind: str, namespace: str, name: str) -> Any:
        annotations = {following.SEEN_PODS: '["u"]', "madang.dev/told-reclaims": self.told}
        return {"metadata": {"annotations": annotations}, "status": {}}

    def find(self, kind: str, namespace: str, **selectors: Any) -> Any:
        annotations = {INTERRUPTED_UNTIL: "2026-11-25T03:02:00Z"} if self.read else {}
        metadata = {
            "name": "p",
            "uid": "u",
            "creationTimestamp": START.isoformat(),
            "annotations": annotations,
        }
        running = {"name": "build", "state": {"running": {}}}
        return [{"metadata": metadata, "status": {"phase": "Running", "containerStatuses": [running]}}]

    def stream(self, *names: str, since: datetime | None) -> Iterator[ContainerLine]:
        self.read += 1
        number = 0 if since is None else int((since - START).total_seconds())
        while True:
            number += 1
            for half in "ab":
                yield ContainerLine(START + timedelta(seconds=number), f"{number}{half}")

    def merge(self, kind: str, namespace: str, name: str, patch: Any) -> None:
        self.told = patch["metadata"]["annotations"]["madang.dev/told-reclaims"]


def test_a_talking_build_hears_of_its_node_and_loses_and_repeats_no_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(following, "LOOK_SECONDS", 0)
    monkeypatch.setattr(patience, "PAUSE_SECONDS", 0)
    lines: list[LogLine] = []
    pod = TalkingPod()
    kube = cast("Kube", pod)
    Following(kube, BUILD_SETTINGS, build_order(), None, lines.append, lambda: len(lines) > 100).run()
    built = [line.text for line in lines if line.kind == "build"]
    assert built == [f"{1 + index // 2}{'ab'[index % 2]}" for index in range(len(built))]
    assert [line.text for line in lines if line.kind == "platform"] == [MAY_FINISH]
    assert pod.read > 2
    assert [line.at for line in lines] == sorted(line.at for line in lines)


class FailedPod:
    """As much of a cluster as a follower asks: a Job that has failed, and its pod's log."""

    WHY = 'process "/bin/sh -c npm run build" did not complete successfully: exit code: 1'
    LOG = (
        f"#9 ERROR: {WHY}",
        "Dockerfile:8",
        "--------------------",
        "   8 | >>> RUN npm run build",
        "--------------------",
        f"error: failed to solve: {WHY}",
    )

    def get(self, kind: str, namespace: str, name: str) -> Any:
        failed = {"type": "Failed", "status": "True"}
        annotations = {following.SEEN_PODS: '["u"]'}
        return {"metadata": {"annotations": annotations}, "status": {"conditions": [failed]}}

    def find(self, kind: str, namespace: str, **selectors: Any) -> Any:
        metadata = {"name": "p", "uid": "u", "creationTimestamp": START.isoformat()}
        ended = {"name": "build", "state": {"terminated": {"exitCode": 1, "reason": "Error"}}}
        return [{"metadata": metadata, "status": {"phase": "Failed", "containerStatuses": [ended]}}]

    def stream(self, *names: str, since: datetime | None) -> Iterator[ContainerLine]:
        return iter(())

    def end_of_log(self, namespace: str, pod: str, container: str, lines: int) -> list[str]:
        return list(self.LOG)


@pytest.mark.parametrize(("plan", "place"), [(OWN, " (Dockerfile line 8)"), (GENERATED, "")])
def test_a_line_is_named_of_a_dockerfile_that_the_student_wrote_alone(plan: BuildPlan, place: str) -> None:
    order = build_order(plan=plan)
    outcome = Following(cast("Kube", FailedPod()), BUILD_SETTINGS, order, None, print, lambda: False).run()
    assert outcome.explanation is not None
    assert outcome.explanation.what == (
        f"Your build stopped: the step `npm run build` ended with exit code 1{place}."
    )
