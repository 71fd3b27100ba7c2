"""Why an address does not answer: eight ways to break an app, and those of the platform."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Any

import django
import pytest

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup()

from portal.probing.diagnosis import Asked, Finding, answers, diagnose  # noqa: E402 - words need settings
from portal.probing.words import explanation  # noqa: E402

from deployer.kube.pods import Container, Ended, Pod  # noqa: E402
from deployer.rollout.answer import Answer  # noqa: E402
from deployer.rollout.sight import Sight  # noqa: E402

ASKED = Asked("site.example.org", "http://site.example.org", 8080, 256 << 20)
NO_BACKEND = Answer(503, True)


def container(
    *,
    running: bool = False,
    ready: bool = False,
    waiting: str = "",
    message: str = "",
    ended: Ended | None = None,
    restarts: int = 0,
) -> Container:
    return Container("app", running, ready, waiting, message, None, ended, restarts)


def pod(
    one: Container | None = None, *, node: str | None = "spot-1", going: bool = False, said: str = ""
) -> Pod:
    ready = one is not None and one.ready
    containers = () if one is None else (one,)
    created = datetime(2026, 1, 1, tzinfo=UTC)
    return Pod("site-1", "u", created, "Running", "", "", node, going, ready, "", said, containers)


def sight(*pods: Pod, **given: Any) -> Sight:
    there = {"wanted": 1, "service": True, "hostnames": frozenset({ASKED.hostname}), "endpoints": 0}
    return Sight(**{**there, "pods": pods, **given})


def crashing(reason: str, code: int, restarts: int = 3) -> Pod:
    return pod(container(waiting="CrashLoopBackOff", ended=Ended(code, reason, ""), restarts=restarts))


SERVING = pod(container(running=True, ready=True))
MUTE = pod(container(running=True))
EIGHT = {
    "crash-loop": (NO_BACKEND, sight(crashing("Error", 1), log=("boot", "KeyError: 'DATABASE'"))),
    "out-of-memory": (NO_BACKEND, sight(crashing("OOMKilled", 137))),
    "not-listening": (NO_BACKEND, sight(MUTE, log=("Running on http://127.0.0.1:5000",))),
    "app-error": (Answer(500, True), sight(SERVING, endpoints=1, log=("ZeroDivisionError",))),
    "slow": (Answer(None, False, "ReadTimeout: no answer within 5 s"), sight(SERVING, endpoints=1)),
    "scaled-to-zero": (NO_BACKEND, sight(wanted=0)),
    "address-missing": (Answer(404, False), sight(SERVING, endpoints=1, hostnames=frozenset())),
    "machine-lost": (NO_BACKEND, sight(MUTE, lost=frozenset({"spot-1"}))),
}


@pytest.mark.parametrize("reason", EIGHT)
def test_each_of_the_eight_ways_is_told_from_the_others(reason: str) -> None:
    answer, seen = EIGHT[reason]
    assert not answers(answer)
    finding = diagnose(ASKED, answer, seen)
    assert finding.reason == reason
    told = explanation(finding.reason, finding.detail)
    assert told.what
    assert told.next


@pytest.mark.parametrize(
    ("reason", "answer", "seen"),
    [
        ("entrance-down", Answer(None, False, "ConnectError: refused"), None),
        ("removed", NO_BACKEND, sight(wanted=None)),
        ("address-missing", NO_BACKEND, sight(SERVING, service=False)),
        ("address-missing", Answer(404, False), None),
        ("address-missing", Answer(503, False, absent=True), None),
        ("no-endpoint", NO_BACKEND, sight(SERVING)),
        ("no-endpoint", NO_BACKEND, None),
        ("no-pods", NO_BACKEND, sight()),
        ("no-room", NO_BACKEND, sight(pod(node=None, said="0/3 nodes are available"))),
        ("image-pull", NO_BACKEND, sight(pod(container(waiting="ImagePullBackOff", message="gone")))),
        ("cannot-start", NO_BACKEND, sight(pod(container(waiting="RunContainerError", message="exec")))),
        ("starting", NO_BACKEND, sight(pod(container(waiting="ContainerCreating")))),
        ("breaks-off", Answer(502, True), sight(SERVING, endpoints=1)),
        ("slow", Answer(504, True), sight(SERVING, endpoints=1)),
        ("app-error", Answer(503, True), sight(SERVING, endpoints=1)),
        ("unreachable", Answer(None, False, "RemoteProtocolError: odd"), sight(SERVING, endpoints=1)),
    ],
)
def test_what_is_not_the_apps_is_told_as_the_platforms(
    reason: str, answer: Answer, seen: Sight | None
) -> None:
    finding = diagnose(ASKED, answer, seen)
    assert finding.reason == reason
    assert explanation(finding.reason, finding.detail).reason == reason


def test_an_app_that_answers_is_live_also_with_a_page_not_found_or_a_redirect() -> None:
    assert all(answers(Answer(status, True)) for status in (200, 301, 401, 404))
    assert not any(answers(Answer(status, True)) for status in (500, 502, 503, 504))
    assert not answers(Answer(404, False))
    assert not answers(Answer(None, False, "ReadTimeout"))


def test_a_replacement_that_is_on_its_way_is_not_blamed_for_a_lost_machine() -> None:
    fresh = pod(container(waiting="ContainerCreating"), node="spot-2")
    gone = pod(container(running=True), node="spot-1", going=True)
    assert (
        diagnose(ASKED, NO_BACKEND, sight(fresh, gone, lost=frozenset({"spot-1"}))).reason == "machine-lost"
    )
    crashed = pod(
        container(waiting="CrashLoopBackOff", ended=Ended(1, "Error", ""), restarts=2), node="spot-2"
    )
    assert (
        diagnose(ASKED, NO_BACKEND, sight(crashed, gone, lost=frozenset({"spot-1"}))).reason == "crash-loop"
    )


def test_a_copy_that_serves_keeps_a_crashing_one_from_being_the_reason() -> None:
    seen = sight(crashing("Error", 1), SERVING, endpoints=1, wanted=2)
    assert diagnose(ASKED, Answer(500, True), seen).reason == "app-error"


def test_the_wrong_port_is_named_with_where_the_app_listens() -> None:
    local = diagnose(ASKED, NO_BACKEND, sight(MUTE, log=("Running on http://127.0.0.1:5000",)))
    assert (
        "127.0.0.1:5000, which only the app itself can reach" in explanation(local.reason, local.detail).what
    )
    other = diagnose(ASKED, NO_BACKEND, sight(MUTE, log=("Listening on 0.0.0.0:3000",)))
    assert "web.port: 3000" in explanation(other.reason, other.detail).next


def test_an_unhealthy_app_is_told_with_its_path_and_answer() -> None:
    asked = Asked("site.example.org", "http://x", 8080, 1 << 20, health_path="/healthz")
    seen = sight(MUTE, unready="Readiness probe failed: HTTP probe failed with statuscode: 500")
    finding = diagnose(asked, NO_BACKEND, seen)
    assert finding.reason == "unhealthy"
    assert "/healthz answers 500" in explanation(finding.reason, finding.detail).what


def test_a_crash_shows_the_last_lines_the_code_and_what_to_do() -> None:
    finding = diagnose(ASKED, NO_BACKEND, sight(crashing("Error", 1), log=("No module named 'flask'",)))
    told = explanation(finding.reason, finding.detail)
    assert told.evidence.splitlines() == ["No module named 'flask'", "exit code 1, 3 restarts"]
    assert "requirements.txt" in told.next


def test_a_reason_of_another_version_is_still_told() -> None:
    assert explanation("forgotten", {}).what == "Its address does not answer."
    assert Finding("x") == Finding("x", {})
