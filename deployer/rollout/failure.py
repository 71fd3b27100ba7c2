"""Why a new release does not come up, told so that a student can mend it. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from deployer.errors import Explanation
from deployer.kube.pods import Container, Ended, Pod
from deployer.rollout.names import CONTAINER
from deployer.rollout.observation import Activity
from deployer.rollout.order import RolloutOrder

EVIDENCE_LINES = 8
# "Running on http://127.0.0.1:5000", "listening on [::1]:3000", "Listening at: http://0.0.0.0:8000"
LISTENING = re.compile(
    r"(?:listening|running|started|serving|server|local)\b.{0,40}?"
    r"(?:https?://)?(127\.0\.0\.1|localhost|\[::1?\]|0\.0\.0\.0|\*)?:(\d{2,5})\b",
    re.IGNORECASE,
)
CANNOT_START = frozenset({"CreateContainerError", "RunContainerError"})
CANNOT_RUN = frozenset({"StartError", "ContainerCannotRun"})
NOT_THERE = re.compile(r'exec: "([^"]+)": (?:stat \S+: )?(?:executable file not found|no such file)')
MAY_NOT_WRITE = re.compile(r"Permission denied|EACCES|Read-only file system")
LOCAL = ("127.0.0.1", "localhost", "[::1]")


def is_failing(container: Container) -> bool:
    """Whether the container ended and will end again; one that may still come up is not."""
    ended = container.ended or container.last_ended
    if container.waiting in CANNOT_START or (ended and ended.reason in CANNOT_RUN):
        return True
    # One end may be a race with something that starts later; a second at once is the app.
    backing_off = container.waiting == "CrashLoopBackOff" or container.ended is not None
    return ended is not None and container.restarts >= 1 and backing_off


def crash(order: RolloutOrder, container: Container, log: Sequence[str]) -> Explanation:
    """Why a failing container does not stay up."""
    ended = container.ended or container.last_ended
    if container.waiting in CANNOT_START:
        return _cannot_start(order, container.waiting_message)
    if ended is None or ended.reason in CANNOT_RUN:
        return _cannot_start(order, ended.message if ended else "")
    return _out_of_memory(order, log) if ended.reason == "OOMKilled" else _ended(order, ended, log)


def silent(order: RolloutOrder, seconds: int, log: Sequence[str], probe: str) -> Explanation:
    """A container that runs and is never ready. `probe` is what the kubelet last said of its readiness."""
    evidence = "\n".join(last_lines(log))
    if order.health_path and (code := re.search(r"statuscode: (\d+)", probe)):
        return Explanation(
            "unhealthy",
            f"Your app started, but {order.health_path} answered {code[1]} for {seconds} s.",
            evidence,
            f"Make {order.health_path} answer 200 when the app is ready, or change web.health.",
        )
    found = listening_on(log)
    says = ""
    advice = f"Listen on 0.0.0.0 and the port in $PORT ({order.port} here)."
    if found and found[0] in LOCAL:
        says = f" Its log says that it listens on {found[0]}:{found[1]}, which only the app itself can reach."
    elif found and found[1] != order.port:
        says = f" Its log says that it listens on port {found[1]}."
        advice = f"Listen on the port in $PORT, or set web.port: {found[1]} in madang.yaml."
    return Explanation(
        "not-listening",
        f"Your app started, but nothing answered on port {order.port} within {seconds} s.{says}",
        evidence,
        advice,
    )


def refused(message: str) -> Explanation | None:
    """A pod that was not let into the club's namespace, when its club's budget is used up."""
    if "exceeded quota" not in message:
        return None
    detail = message[message.index("exceeded quota") :]
    return Explanation(
        "over-budget",
        "Your club's budget has no room for this release beside what runs now.",
        detail,
        "Lower web.memory or web.replicas in madang.yaml, stop another project, or ask for a larger budget.",
    )


def error_answers(order: RolloutOrder, status: int, log: Sequence[str]) -> Explanation:
    return Explanation(
        "answers-with-error",
        f"Your app is ready, but {order.url} answers {status}.",
        "\n".join(last_lines(log)),
        "See the app's log above; the first page has to answer without an error.",
    )


def never_started(activity: Activity, refused: str, pod: Pod | None, warning: str) -> Explanation:
    """New pods that waited until nobody waits any longer; `warning` is the cluster's last word on `pod`."""
    container = app_container(pod) if pod else None
    if refused:
        reason, what, evidence = "pod-refused", "the cluster did not let the new pods in", refused
    elif activity is Activity.WAITING_FOR_NODE:
        reason, what = "no-room", "no machine had room for the new pods"
        evidence = pod.unschedulable if pod else warning
    elif container and activity is Activity.PULL_TROUBLE:
        reason, what, evidence = "image-pull", "the image could not be pulled", container.waiting_message
    else:
        reason, what, evidence = "pod-did-not-start", "the new pods did not start", warning
    return Explanation(reason, f"Not your code: {what}.", evidence, "An operator has to look.")


def address_silent(order: RolloutOrder, said: str) -> Explanation:
    return Explanation(
        "address-silent",
        f"Not your code: your app is ready, but {order.url} does not reach it.",
        said,
        "An operator has to look at the ingress controller.",
    )


def listening_on(log: Sequence[str]) -> tuple[str, int] | None:
    """Host and port that the app's log names last."""
    for line in reversed(log):
        if found := LISTENING.search(line):
            return (found[1] or "").lower(), int(found[2])
    return None


def app_container(pod: Pod) -> Container | None:
    return pod.container(CONTAINER)


def _ended(order: RolloutOrder, ended: Ended, log: Sequence[str]) -> Explanation:
    if ended.exit_code == 0:
        return Explanation(
            "app-ended",
            "Your app ended by itself (exit code 0); a web app has to keep running.",
            "\n".join(last_lines(log)),
            f"Start a server that stays and listens on 0.0.0.0:$PORT ({order.port} here).",
        )
    lines = last_lines(log)
    return Explanation(
        "app-crashed",
        f"Your app crashed as it started (exit code {ended.exit_code}{signal_of(ended.exit_code)}).",
        "\n".join(lines),
        hint(lines),
    )


def hint(lines: Sequence[str]) -> str:
    """What to do about a program whose last words these are."""
    if any(MAY_NOT_WRITE.search(line) for line in lines):
        return "Apps run as user 10001: write to /tmp, or COPY --chown=10001 in the Dockerfile."
    if found := re.search(r"No module named '?([\w.]+)", "\n".join(lines)):
        return f"Add the package of {found[1]} to requirements.txt, commit and push again."
    if found := re.search(r"Cannot find module '([^']+)'", "\n".join(lines)):
        return f"Add {found[1]} to the dependencies in package.json, commit and push again."
    return "Correct the error above, commit and push again."


def _out_of_memory(order: RolloutOrder, log: Sequence[str]) -> Explanation:
    return Explanation(
        "out-of-memory",
        f"Your app needed more memory than its {order.memory_bytes >> 20} MiB as it started.",
        "\n".join([*last_lines(log)[-3:], "OOMKilled (exit code 137)"]),
        "Start fewer workers, or raise web.memory in madang.yaml.",
    )


def _cannot_start(order: RolloutOrder, message: str) -> Explanation:
    command = " ".join(order.command) if order.command else ""
    if found := NOT_THERE.search(message):
        return Explanation(
            "command-not-found",
            f"The start command {found[1]} is not in your image.",
            message[message.rindex("exec: ") :][:300],
            f"Correct the command{f' `{command}`' if command else ''}, or install what it needs.",
        )
    return Explanation(
        "cannot-start",
        "Your app could not be started.",
        message[-500:],
        "See that the start command exists in the image and may be run by user 10001.",
    )


def signal_of(code: int) -> str:
    return {137: ", killed", 139: ", segmentation fault", 143: ", terminated"}.get(code, "")


def last_lines(log: Sequence[str]) -> list[str]:
    return [line for line in log if line.strip()][-EVIDENCE_LINES:]
