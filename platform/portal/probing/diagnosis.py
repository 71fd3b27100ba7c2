"""Why an address does not answer: from what a visitor got and what the cluster shows. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from deployer.kube.pods import Container, Pod
from deployer.rollout.answer import Answer
from deployer.rollout.failure import (
    CANNOT_RUN,
    CANNOT_START,
    LOCAL,
    exit_code,
    hint,
    last_lines,
    listening_on,
)
from deployer.rollout.names import CONTAINER
from deployer.rollout.observation import PULL_TROUBLE
from deployer.rollout.sight import Sight
from deployer.sentence import Sentence

_ENTRANCE = re.compile(r"^Connect(Error|Timeout)")
_SLOW = re.compile(r"^(Read|Write|Pool)Timeout")


@dataclass(frozen=True)
class Asked:
    """The project as its live release wants it."""

    hostname: str
    url: str
    port: int
    memory_bytes: int
    health_path: str | None = None


@dataclass(frozen=True)
class Finding:
    """`reason` is a machine's word; `detail` what its sentences need. `log` and the like are evidence."""

    reason: str
    detail: Mapping[str, Any] = field(default_factory=dict)


def answers(answer: Answer) -> bool:
    """Whether a visitor gets something from the app that is no error of a server."""
    return answer.from_app and answer.status is not None and answer.status < 500


def diagnose(asked: Asked, answer: Answer, sight: Sight | None) -> Finding:
    """What is the matter; `sight` None: the cluster was not asked or did not answer."""
    if answer.status is None and _ENTRANCE.match(answer.error):
        return Finding("entrance-down", {"said": answer.error})
    found = None if sight is None else _absent(asked, sight) or _broken(asked, sight)
    return found or _answered(asked, answer, sight)


def _absent(asked: Asked, sight: Sight) -> Finding | None:
    """What has to be there and is not."""
    if sight.wanted is None:
        return Finding("removed", {"missing": "Deployment"})
    if sight.wanted == 0:
        return Finding("scaled-to-zero")
    if not sight.service:
        return Finding("address-missing", {"missing": "Service"})
    if asked.hostname not in sight.hostnames:
        return Finding("address-missing", {"missing": "Ingress", "hostname": asked.hostname})
    return None


def _broken(asked: Asked, sight: Sight) -> Finding | None:
    """What keeps every pod from serving; None while one does."""
    if sight.endpoints:
        return None
    staying = [pod for pod in sight.pods if not pod.going]
    if any(pod.ready and pod.node not in sight.lost for pod in staying):
        return Finding("no-endpoint", {"ready": sum(pod.ready for pod in staying)})
    machines = {pod.node for pod in sight.pods if pod.node in sight.lost | sight.leaving}
    if machines and all(pod.node is None or pod.node in machines or _fresh(pod) for pod in sight.pods):
        return Finding("machine-lost", {"machines": sorted(str(name) for name in machines)})
    pod = sight.worst
    if pod is None:
        return Finding("no-pods")
    if pod.node is None:
        return Finding("no-room", {"said": pod.unschedulable})
    container = pod.container(CONTAINER)
    return _of_container(asked, sight, container) if container else Finding("starting")


def _of_container(asked: Asked, sight: Sight, container: Container) -> Finding:
    log = last_lines(sight.log)
    ended = container.ended or container.last_ended
    if container.waiting in PULL_TROUBLE:
        return Finding("image-pull", {"said": container.waiting_message})
    if container.waiting in CANNOT_START or (ended and ended.reason in CANNOT_RUN):
        said = container.waiting_message or (ended.message if ended else "")
        return Finding("cannot-start", {"said": said[-500:]})
    if ended and not container.running:
        if ended.reason == "OOMKilled":
            return Finding(
                "out-of-memory",
                {"mebibytes": asked.memory_bytes >> 20, "restarts": container.restarts, "log": log},
            )
        return Finding(
            "crash-loop",
            {
                "exit": exit_code(ended.exit_code).parts(),
                "restarts": container.restarts,
                "log": log,
                "hint": Sentence.of(hint(log)).parts() if log else "",
            },
        )
    if not container.running:
        return Finding("starting")
    if asked.health_path and (code := re.search(r"statuscode: (\d+)", sight.unready)):
        return Finding("unhealthy", {"path": asked.health_path, "status": int(code[1]), "log": log})
    heard = listening_on(sight.log)
    detail: dict[str, Any] = {"port": asked.port, "log": log}
    if heard and heard[0] in LOCAL:
        detail["local"] = f"{heard[0]}:{heard[1]}"
    elif heard and heard[1] != asked.port:
        detail["other_port"] = heard[1]
    return Finding("not-listening", detail)


def _answered(asked: Asked, answer: Answer, sight: Sight | None) -> Finding:
    """The app was reached, or ought to have been."""
    log = last_lines(sight.log) if sight else []
    if answer.status is None:
        if _SLOW.match(answer.error):
            return Finding("slow", {"log": log})
        return Finding("unreachable", {"said": answer.error})
    if answer.unrouted:
        return Finding("address-missing", {"missing": "route", "hostname": asked.hostname})
    if answer.status == 504:
        return Finding("slow", {"log": log})
    if answer.status == 502:
        return Finding("breaks-off", {"status": answer.status, "log": log})
    # The controller marks its own 503 on a route as well: only with somebody behind it, it is the app's.
    if answer.status == 503 and not (answer.from_app and sight and sight.endpoints):
        return Finding("no-endpoint", {"status": answer.status})
    return Finding("app-error", {"status": answer.status, "log": log})


def _fresh(pod: Pod) -> bool:
    """A replacement that has not come up yet, and has not failed either."""
    container = pod.container(CONTAINER)
    return container is None or (container.restarts == 0 and container.ended is None)
