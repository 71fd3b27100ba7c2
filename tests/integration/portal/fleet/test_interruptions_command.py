"""What an operator reads: `interruptions` and `interruptions show`; and when it is forgotten."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.utils import timezone
from portal.fleet.actions import record
from portal.fleet.management.commands.interruptions import with_verb
from portal.fleet.models import InterruptedPod, Interruption
from portal.fleet.report import InterruptionReport
from portal.tasks import retention
from pydantic import SecretStr

from tests.unit.portal.fleet.reports import pod, report

pytestmark = pytest.mark.usefixtures("clean")


def tell(**changes: Any) -> None:
    record(InterruptionReport.model_validate_json(json.dumps(report(**changes))))


def run(*words: str) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("interruptions", *words, stdout=out, stderr=err, no_color=True)
    return out.getvalue(), err.getvalue()


def at(seconds: float) -> str:
    return f"2026-11-25T03:{int(seconds) // 60:02}:{seconds % 60:06.3f}Z"


MOVED = pod(
    "a",
    state="retired",
    detached_at=at(0.5),
    replacement="blog-new",
    replacement_node="spot-2",
    ready_at=at(6.5),
    unserved_at=at(7),
    retired_at=at(12),
    gap_seconds=0,
)
STUCK = pod(
    "b", way="evict", blocked_since=at(1), blocked_reason="its budget allows none", gap_reason="one volume"
)
AGENT = pod("c", way="leave", owner="DaemonSet/agent", club=None, project=None)


@pytest.fixture
def three() -> None:
    tell(id="int-old", node="spot-1", noticed_at="2026-11-24T03:00:00Z", deadline=None, state="cancelled")
    tell(id="int-new", node="spot-2", fenced_at=at(0.25), pods=[MOVED, STUCK, AGENT], state="moving")
    gap = [pod("d", state="retired", gap_seconds=8.9), pod("e", state="lost")]
    tell(id="int-gap", node="spot-2", noticed_at="2026-11-24T12:00:00Z", state="gone", pods=gap)


def test_the_list_is_newest_first_with_what_matters_of_each(three: None) -> None:
    lines = run()[0].splitlines()
    assert [" | ".join(re.split(r"\s{2,}", line)) for line in lines] == [
        "ID | NODE | KIND | STATE | NOTICED (UTC) | NOTICE | MOVED | LONGEST GAP | BLOCKED",
        "int-new | spot-2 | spot-interruption | moving | 2026-11-25 03:00:00 | 120 s | 1/2 | not known | 1",
        "int-gap | spot-2 | spot-interruption | gone | 2026-11-24 12:00:00 | 54120 s | 1/2 | "
        "8.9 s or more | -",
        "int-old | spot-1 | spot-interruption | cancelled | 2026-11-24 03:00:00 | - | 0/0 | - | -",
    ]
    assert {line[lines[0].index("STATE") - 2 :][:2] for line in lines} == {"  "}


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        (["--node", "spot-2"], ["int-new", "int-gap"]),
        (["--state", "gone"], ["int-gap"]),
        (["--since", "2026-11-24T10:00"], ["int-new", "int-gap"]),
        (["--since", "2026-11-24T10:00", "--node=spot-1"], []),
        (["--limit", "2"], ["int-new", "int-gap"]),
    ],
    ids=str,
)
def test_the_list_can_be_narrowed(three: None, words: list[str], ids: list[str]) -> None:
    assert [each["id"] for each in json.loads(run(*words, "--json")[0])] == ids


def test_one_interruption_is_told_step_by_step(three: None) -> None:
    told = [line.strip() for line in run("show", "int-new")[0].splitlines()]
    assert told[0] == "int-new: spot-2 (i-0123456789abcdef0, spot, local-a, m5.large)"
    steps = told[told.index("") + 1 :]
    assert steps[: steps.index("")] == [
        "+0.0 s  noticed",
        "+0.2 s  fenced",
        "+0.5 s  club-chess/blog-a: detached",
        "+1.0 s  club-chess/blog-b: blocked: its budget allows none",
        "+6.5 s  club-chess/blog-a: its replacement blog-new is ready on spot-2",
        "+7.0 s  club-chess/blog-a: out of its Services",
        "+12.0 s  club-chess/blog-a: retired",
        "+120.0 s  deadline",
    ]
    assert steps[steps.index("") + 1 :] == [
        "3 pods stood on it:",
        "club-chess/blog-a of Deployment/blog (chess/blog)",
        "handoff, retired; detached +0.5 s, ready +6.5 s, unserved +7.0 s, retired +12.0 s",
        "replacement blog-new on spot-2",
        "gap: none",
        "club-chess/blog-b of Deployment/blog (chess/blog)",
        "evict, waiting; no step done",
        "blocked from +1.0 s: its budget allows none",
        "gap: not known: one volume",
        "club-chess/blog-c of DaemonSet/agent",
        "leave, waiting; no step done",
        "gap: it ends with its node",
    ]


def test_programs_get_the_record_as_it_was_reported(three: None) -> None:
    told = json.loads(run("show", "int-new", "--json")[0])
    assert told == json.loads(run("--json", "show", "int-new")[0])
    assert set(told) == {*report(), "received_at"}
    assert set(told["pods"][0]) == set(pod())
    assert told["pods"][0]["ready_at"] == "2026-11-25T03:00:06.500000+00:00"


def test_the_beginning_of_an_id_is_enough_if_it_is_one_interruptions(three: None) -> None:
    assert run("show", "int-o")[0].startswith("int-old: spot-1")
    with pytest.raises(CommandError, match="Several begin with int-: int-new, int-gap, int-old"):
        run("show", "int-")
    with pytest.raises(CommandError, match=r"There is no interruption int-x\.\nThose that there are"):
        run("show", "int-x")


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["int-1"], ["show", "int-1"]),
        (["int-1", "--json"], ["show", "int-1", "--json"]),
        (["show", "int-1"], ["show", "int-1"]),
        (["--node", "spot-1"], ["--node", "spot-1"]),
        ([], []),
    ],
    ids=str,
)
def test_an_id_alone_is_shown(words: list[str], meant: list[str]) -> None:
    assert with_verb(["django-admin", "interruptions", *words]) == ["django-admin", "interruptions", *meant]


def test_an_empty_list_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "takes no reports without MADANG_SPOT_REPORT_KEY" in run()[1]
    keyed = settings.MADANG.model_copy(update={"spot_report_key": SecretStr("key")})
    monkeypatch.setattr(settings, "MADANG", keyed)
    assert run("--node", "spot-1")[1].startswith("No node was interrupted so far")
    assert json.loads(run("--json")[0]) == []
    tell()
    assert "All of them: interruptions" in run("--node", "spot-9")[1]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--since", "yesterday"], "write 30m, 2h, 7d"),
        (["--limit", "0"], "from 1 to 10000"),
        (["--state", "lost"], "invalid choice"),
        (["shew", "int-1"], "invalid choice"),
    ],
)
def test_bad_options_are_explained(words: list[str], said: str) -> None:
    with pytest.raises(CommandError, match=said):
        run(*words)


def test_what_was_last_heard_of_400_days_ago_is_forgotten_with_its_pods(three: None) -> None:
    long_ago = timezone.now() - timedelta(days=400, seconds=1)
    Interruption.objects.exclude(pk="int-old").update(received_at=long_ago)
    Interruption.objects.filter(pk="int-new").update(received_at=long_ago + timedelta(hours=1))
    retention()
    retention()
    assert sorted(Interruption.objects.values_list("pk", flat=True)) == ["int-new", "int-old"]
    assert InterruptedPod.objects.count() == 3
