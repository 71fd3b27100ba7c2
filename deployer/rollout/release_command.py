"""The Job that runs a release command (database migrations, say) before a release, and its end. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from typing import Any

from deployer.errors import Explanation
from deployer.kube.jobs import ONE_POD_AT_A_TIME, finished
from deployer.kube.objects import JsonMap
from deployer.kube.placement import placement
from deployer.kube.pods import Ended, Pod
from deployer.rollout import failure, manifests, names
from deployer.rollout.order import RolloutOrder, RolloutOutcome
from deployer.rollout.settings import RolloutSettings
from deployer.sentence import Sentence


def job(order: RolloutOrder, settings: RolloutSettings) -> dict[str, Any]:
    """Named by the release, so that it runs once for it, whichever worker asks."""
    labels = {
        "app.kubernetes.io/name": "release-command",
        "app.kubernetes.io/managed-by": "madang",
        names.CLUB: order.club,
        names.RELEASE: str(order.release),
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": names.release_job(order.project, order.release),
            "namespace": names.namespace(order.club),
            "labels": {**labels, names.PROJECT: order.project},
            "annotations": {names.FENCE: str(order.fence)},
        },
        "spec": {
            # Two of them at once could spoil a database.
            **ONE_POD_AT_A_TIME,
            "ttlSecondsAfterFinished": settings.keep_release_seconds,
            "template": {
                "metadata": {
                    "labels": {**labels, names.PREPARES: order.project},
                    "annotations": {"karpenter.sh/do-not-disrupt": "true"},
                },
                "spec": _pod(order, settings),
            },
        },
    }


def _pod(order: RolloutOrder, settings: RolloutSettings) -> dict[str, Any]:
    return {
        "restartPolicy": "Never",
        # Of the pod, not of the Job: a pod that took a vanished one's place has the whole time again.
        "activeDeadlineSeconds": settings.release_deadline_seconds,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": settings.grace_seconds,
        "imagePullSecrets": [{"name": names.PULL_SECRET}],
        "securityContext": manifests.identity(settings),
        **placement(settings.capacity),
        "containers": [
            {
                "name": names.RELEASE_CONTAINER,
                "image": order.image,
                "imagePullPolicy": "IfNotPresent",
                "command": list(order.release_command or ()),
                **manifests.surroundings(order, settings),
            }
        ],
    }


def shown(order: RolloutOrder) -> str:
    """The command as its author wrote it, or nearly so."""
    words = order.release_command or ()
    if words[:2] == ("/bin/sh", "-c"):
        return words[2].removeprefix("exec ")
    return shlex.join(words)


def judge(
    order: RolloutOrder,
    settings: RolloutSettings,
    raw: JsonMap,
    pod: Pod | None,
    log: Sequence[str],
    *,
    node_lost: bool = False,
) -> RolloutOutcome:
    """The outcome of a Job that has ended. `log` is the end of the command's output.

    `node_lost`: the node that it ran on is gone or going, as the cluster knows it.
    """
    if finished(raw) == "Complete":
        return RolloutOutcome("prepared")
    if pod is None or pod.disrupted or _stopped(pod, node_lost=node_lost):
        return lost(
            "Not your code: the machine that ran your release command is gone.",
            pod.disrupted or f"pod {pod.name}" if pod else "",
            node_lost=node_lost or bool(pod and pod.disrupted),
        )
    if pod.reason == "DeadlineExceeded":
        return RolloutOutcome("failed", _too_long(order, settings, log))
    if pod.reason == "Evicted" and not re.search(r"ephemeral|emptyDir", pod.message, re.IGNORECASE):
        return lost(
            "Not your code: the machine that ran your release command ran short.",
            pod.message,
            node_lost=node_lost,
        )
    container = pod.container(names.RELEASE_CONTAINER)
    if pod.reason == "Evicted":
        return RolloutOutcome("failed", _failed(order, Sentence("used too much disk"), [*log, pod.message]))
    if container is None or container.ended is None:
        return lost(
            "Not your code: the pod of your release command failed before it ran.",
            pod.message or pod.reason,
            node_lost=node_lost,
        )
    return RolloutOutcome("failed", _ended(order, container.ended, log))


def lost(what: str, evidence: str, *, node_lost: bool = False) -> RolloutOutcome:
    """The platform's: the command runs again."""
    again = "It is tried again by itself."
    explanation = Explanation("release-command-lost", what, evidence, again)
    return RolloutOutcome("lost", explanation, node_lost=node_lost)


def cannot_start(order: RolloutOrder, message: str) -> Explanation:
    """Why the kubelet could not run it."""
    if found := failure.NOT_THERE.search(message):
        return Explanation(
            "release-command-not-found",
            Sentence("The release command {program} is not in your image.", program=found[1]),
            message[message.rindex("exec: ") :][:300],
            "Correct `release:` in Procfile, or install what it needs.",
        )
    return Explanation(
        "release-command-cannot-start",
        Sentence("Your release command `{command}` could not be started.", command=shown(order)),
        message[-500:],
        "See that it exists in the image and may be run by user 10001.",
    )


def _stopped(pod: Pod, *, node_lost: bool) -> bool:
    """Ended by a signal with its node before anybody wrote why: SIGTERM, or SIGKILL after its grace."""
    container = pod.container(names.RELEASE_CONTAINER)
    if container is None or container.ended is None or container.ended.reason == "OOMKilled":
        return False
    return (pod.going or node_lost) and container.ended.exit_code in (137, 143)


def _ended(order: RolloutOrder, ended: Ended, log: Sequence[str]) -> Explanation:
    if ended.reason in failure.CANNOT_RUN:
        return cannot_start(order, ended.message)
    if ended.reason == "OOMKilled":
        return Explanation(
            "release-command-out-of-memory",
            Sentence(
                "Your release command `{command}` needed more than {mebibytes} MiB memory.",
                command=shown(order),
                mebibytes=order.memory_bytes >> 20,
            ),
            "\n".join([*failure.last_lines(log)[-3:], f"OOMKilled (exit code {ended.exit_code})"]),
            "Do less at once, or raise web.memory in madang.yaml.",
        )
    return _failed(order, Sentence("failed ({code})", code=failure.exit_code(ended.exit_code)), log)


def _failed(order: RolloutOrder, how: Sentence, log: Sequence[str]) -> Explanation:
    lines = failure.last_lines(log)
    return Explanation(
        "release-command-failed",
        Sentence("Your release command `{command}` {failed}.", command=shown(order), failed=how),
        "\n".join(lines),
        failure.hint(lines),
    )


def _too_long(order: RolloutOrder, settings: RolloutSettings, log: Sequence[str]) -> Explanation:
    minutes = settings.release_deadline_seconds / 60
    return Explanation(
        "release-command-too-long",
        Sentence(
            "Your release command `{command}` took longer than the {minutes} minutes it may take.",
            command=shown(order),
            minutes=f"{minutes:g}",
        ),
        "\n".join(failure.last_lines(log)[-3:]),
        "See that it ends by itself, and does its work in smaller steps.",
    )
