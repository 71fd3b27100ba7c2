"""How a build's Job ended, and whose doing it was. Pure: from the objects and the log's end to an outcome."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from deployer.build.advice import disk_full, out_of_memory
from deployer.build.order import BuildLimits, BuildOutcome
from deployer.build.pod import BUILD, SOURCE
from deployer.build.solve_error import explain
from deployer.errors import Explanation
from deployer.kube.jobs import finished
from deployer.kube.objects import JsonMap
from deployer.kube.pods import Container, Pod
from deployer.sentence import Sentence

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
# Exit codes of the builder's programs that are never the student's: the daemon did not start, was stopped, or
# the command was called wrongly.
PLATFORM_CODES = frozenset({64, 70, 75, 126, 127, 128, 143})


# Why a build was lost, where that alone says that its node was.
NODE_LOST = frozenset({"machine-reclaimed", "machine-stopped"})


def judge(
    job: JsonMap,
    pod: Pod | None,
    log: Sequence[str],
    limits: BuildLimits,
    base_images: Sequence[str],
    *,
    own_dockerfile: bool = True,
    node_lost: bool = False,
) -> BuildOutcome:
    """The outcome of a Job that has ended. `log` is the end of the build container's, without time stamps.

    `own_dockerfile`: the project brought it. `node_lost`: the node that it ran on is gone or going, as the
    cluster knows it.
    """
    outcome = _judge(job, pod, log, limits, base_images, own_dockerfile, node_lost)
    if outcome.state != "lost" or outcome.explanation is None:
        return outcome
    return replace(outcome, node_lost=node_lost or outcome.explanation.reason in NODE_LOST)


def _judge(
    job: JsonMap,
    pod: Pod | None,
    log: Sequence[str],
    limits: BuildLimits,
    base_images: Sequence[str],
    own_dockerfile: bool,
    node_lost: bool,
) -> BuildOutcome:
    container = pod.container(BUILD) if pod else None
    if finished(job) == "Complete":
        digest = find_digest(container, log)
        if digest:
            return BuildOutcome("succeeded", digest)
        return _lost(
            "no-digest", "Not your code: the build ended well, but its image's digest was not found.", log
        )
    if pod is None:
        return _lost("pod-gone", "Not your code: the machine that built it is gone.", log)
    if pod.disrupted:
        return _lost(
            "machine-reclaimed", "Not your code: the machine that built it was reclaimed.", [pod.disrupted]
        )
    if pod.reason == "DeadlineExceeded":
        return BuildOutcome("failed", explanation=_too_long(limits, log))
    if pod.reason == "Evicted":
        return _evicted(pod)
    source = pod.container(SOURCE)
    if source and source.ended and source.ended.exit_code != 0:
        said = source.ended.message or f"exit code {source.ended.exit_code}"
        return _lost(
            "source-unavailable",
            "Not your code: the builder could not get your commit from the git server.",
            [said],
        )
    if container is None or container.ended is None:
        return _lost(
            "pod-failed",
            "Not your code: the build's pod failed before it could build.",
            [pod.message or pod.reason],
        )
    code, reason = container.ended.exit_code, container.ended.reason
    if reason == "OOMKilled" or code == 137:
        if (pod.going or node_lost) and reason != "OOMKilled":
            return _lost(
                "machine-stopped",
                "Not your code: the build was stopped with its machine.",
                [f"exit code {code}"],
            )
        return BuildOutcome("failed", explanation=out_of_memory(limits.memory_bytes))
    if code in PLATFORM_CODES or reason in ("StartError", "ContainerCannotRun"):
        trouble = [*log[-3:], f"exit code {code} {reason}".strip(), container.ended.message]
        return _lost("builder-did-not-work", "Not your code: the builder could not do its work.", trouble)
    blame = explain(log, base_images, limits.memory_bytes, own_dockerfile=own_dockerfile)
    return BuildOutcome("failed" if blame.students else "lost", explanation=blame.explanation)


def find_digest(container: Container | None, log: Sequence[str]) -> str | None:
    """The container's termination message, else the log's last line."""
    said = container.ended.message.strip() if container and container.ended else ""
    for text in (said, *reversed(log[-3:])):
        if DIGEST.fullmatch(text.strip()):
            return text.strip()
    return None


def _evicted(pod: Pod) -> BuildOutcome:
    if re.search(r"ephemeral|emptyDir", pod.message, re.IGNORECASE):
        return BuildOutcome("failed", explanation=disk_full(pod.message))
    return _lost("evicted", "Not your code: the machine that built it ran short.", [pod.message])


def _too_long(limits: BuildLimits, log: Sequence[str]) -> Explanation:
    minutes = limits.deadline_seconds / 60
    return Explanation(
        "build-too-long",
        Sentence("Your build took longer than the {minutes} minutes it may take.", minutes=f"{minutes:g}"),
        "\n".join([line for line in log if line.strip()][-3:]),
        "See which step was still running; install fewer packages, or ask an operator for more time.",
    )


def _lost(reason: str, what: str, evidence: Sequence[str]) -> BuildOutcome:
    shown = "\n".join(line for line in evidence[-4:] if line.strip())
    explanation = Explanation(reason, what, shown, "It is built again by itself.")
    return BuildOutcome("lost", explanation=explanation)
