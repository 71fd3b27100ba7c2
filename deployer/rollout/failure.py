"""Why a new release does not come up, told so that a student can mend it. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from deployer.errors import Explanation
from deployer.kube.pods import Container, Ended, Pod
from deployer.kube.quantity import amount
from deployer.rollout.names import CONTAINER
from deployer.rollout.observation import Activity
from deployer.rollout.order import RolloutOrder
from deployer.sentence import Sentence, joined

EVIDENCE_LINES = 8
# "Running on http://127.0.0.1:5000", "listening on [::1]:3000", "Listening at: http://0.0.0.0:8000"
LISTENING = re.compile(
    r"(?:listening|running|started|serving|server|local)\b.{0,40}?"
    r"(?:https?://)?(127\.0\.0\.1|localhost|\[::1?\]|0\.0\.0\.0|\*)?:(\d{2,5})\b",
    re.IGNORECASE,
)
# "exceeded quota: budget, requested: limits.memory=1Gi,pods=1, used: …, limited: limits.memory=2Gi,pods=9"
ASKED = re.compile(r"requested: (?P<asked>\S+=\S+), used: \S+, limited: (?P<most>\S+=\S+)")
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
            Sentence(
                "Your app started, but {path} answered {status} for {seconds} s.",
                path=order.health_path,
                status=code[1],
                seconds=seconds,
            ),
            evidence,
            Sentence(
                "Make {path} answer 200 when the app is ready, or change web.health.", path=order.health_path
            ),
        )
    found = listening_on(log)
    says = [
        Sentence(
            "Your app started, but nothing answered on port {port} within {seconds} s.",
            port=order.port,
            seconds=seconds,
        )
    ]
    advice = Sentence("Listen on 0.0.0.0 and the port in $PORT ({port} here).", port=order.port)
    if found and found[0] in LOCAL:
        says.append(
            Sentence(
                "Its log says that it listens on {address}, which only the app itself can reach.",
                address=f"{found[0]}:{found[1]}",
            )
        )
    elif found and found[1] != order.port:
        says.append(Sentence("Its log says that it listens on port {port}.", port=found[1]))
        advice = Sentence(
            "Listen on the port in $PORT, or set web.port: {port} in madang.yaml.", port=found[1]
        )
    return Explanation("not-listening", joined(" ", says), evidence, advice)


def refused(message: str) -> Explanation | None:
    """A pod that was not let into the club's namespace, when its club's budget is used up."""
    if "exceeded quota" not in message:
        return None
    detail = message[message.index("exceeded quota") :]
    return Explanation(
        "over-budget",
        "Your club's budget has no room for this release beside what runs now.",
        detail,
        "Lower web.memory or web.replicas in madang.yaml, delete a project, or ask for a larger budget.",
    )


def passes(message: str) -> bool:
    """Whether a pod that a quota kept out would fit if it were alone.

    A club's quota is twice its budget, and the portal keeps what is deployed within that: then pods that
    leave a doomed node take their place twice for a while.
    """
    found = ASKED.search(message)
    if found is None:
        return False
    asked, limits = (_amounts(found[name]) for name in ("asked", "most"))
    return all(asked[name] <= most for name, most in limits.items() if name in asked)


def error_answers(order: RolloutOrder, status: int, log: Sequence[str]) -> Explanation:
    return Explanation(
        "answers-with-error",
        Sentence("Your app is ready, but {url} answers {status}.", url=order.url, status=status),
        "\n".join(last_lines(log)),
        "See the app's log above; the first page has to answer without an error.",
    )


def never_started(activity: Activity, refused: str, pod: Pod | None, warning: str) -> Explanation:
    """New pods that waited until nobody waits any longer; `warning` is the cluster's last word on `pod`."""
    container = app_container(pod) if pod else None
    if refused:
        reason, what = "pod-refused", "Not your code: the cluster did not let the new pods in."
        evidence = refused
    elif activity is Activity.WAITING_FOR_NODE:
        reason, what = "no-room", "Not your code: no machine had room for the new pods."
        evidence = pod.unschedulable if pod else warning
    elif container and activity is Activity.PULL_TROUBLE:
        reason, what = "image-pull", "Not your code: the image could not be pulled."
        evidence = container.waiting_message
    else:
        reason, what = "pod-did-not-start", "Not your code: the new pods did not start."
        evidence = warning
    return Explanation(reason, what, evidence, "An operator has to look.")


def address_silent(order: RolloutOrder, said: str) -> Explanation:
    return Explanation(
        "address-silent",
        Sentence("Not your code: your app is ready, but {url} does not reach it.", url=order.url),
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


def _amounts(text: str) -> dict[str, float]:
    return {name: amount(value) for name, _, value in (each.partition("=") for each in text.split(","))}


def _ended(order: RolloutOrder, ended: Ended, log: Sequence[str]) -> Explanation:
    if ended.exit_code == 0:
        return Explanation(
            "app-ended",
            "Your app ended by itself (exit code 0); a web app has to keep running.",
            "\n".join(last_lines(log)),
            Sentence(
                "Start a server that stays and listens on 0.0.0.0:$PORT ({port} here).", port=order.port
            ),
        )
    lines = last_lines(log)
    return Explanation(
        "app-crashed",
        Sentence("Your app crashed as it started ({code}).", code=exit_code(ended.exit_code)),
        "\n".join(lines),
        hint(lines),
    )


def hint(lines: Sequence[str]) -> str:
    """What to do about a program whose last words these are."""
    if any(MAY_NOT_WRITE.search(line) for line in lines):
        return "Apps run as user 10001: write to /tmp, or COPY --chown=10001 in the Dockerfile."
    if found := re.search(r"No module named '?([\w.]+)", "\n".join(lines)):
        return Sentence(
            "Add the package of {module} to requirements.txt, commit and push again.", module=found[1]
        )
    if found := re.search(r"Cannot find module '([^']+)'", "\n".join(lines)):
        return Sentence(
            "Add {module} to the dependencies in package.json, commit and push again.", module=found[1]
        )
    return "Correct the error above, commit and push again."


def _out_of_memory(order: RolloutOrder, log: Sequence[str]) -> Explanation:
    return Explanation(
        "out-of-memory",
        Sentence(
            "Your app needed more memory than its {mebibytes} MiB as it started.",
            mebibytes=order.memory_bytes >> 20,
        ),
        "\n".join([*last_lines(log)[-3:], "OOMKilled (exit code 137)"]),
        "Start fewer workers, or raise web.memory in madang.yaml.",
    )


def _cannot_start(order: RolloutOrder, message: str) -> Explanation:
    if found := NOT_THERE.search(message):
        return Explanation(
            "command-not-found",
            Sentence("The start command {program} is not in your image.", program=found[1]),
            message[message.rindex("exec: ") :][:300],
            Sentence(
                "Correct the command `{command}`, or install what it needs.", command=" ".join(order.command)
            )
            if order.command
            else "Correct the command, or install what it needs.",
        )
    return Explanation(
        "cannot-start",
        "Your app could not be started.",
        message[-500:],
        "See that the start command exists in the image and may be run by user 10001.",
    )


def exit_code(code: int) -> Sentence:
    """With the signal that it stands for, in words."""
    match code:
        case 137:
            return Sentence("exit code {code}, killed", code=code)
        case 139:
            return Sentence("exit code {code}, segmentation fault", code=code)
        case 143:
            return Sentence("exit code {code}, terminated", code=code)
    return Sentence("exit code {code}", code=code)


def last_lines(log: Sequence[str]) -> list[str]:
    return [line for line in log if line.strip()][-EVIDENCE_LINES:]
