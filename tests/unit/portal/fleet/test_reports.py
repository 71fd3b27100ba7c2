"""What the portal believes of a report, and what it refuses."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from portal.fleet.report import MOST_PODS, InterruptionReport
from pydantic import ValidationError

from spot.interruption import Kind
from tests.unit.portal.fleet.reports import pod, report


def read(given: dict[str, Any]) -> InterruptionReport:
    return InterruptionReport.model_validate_json(json.dumps(given))


def test_the_contracts_record_is_read_and_nulls_of_texts_are_empty() -> None:
    found = read(report(pods=[pod()]))
    assert (found.detail, found.pods[0].replacement) == ("", "")
    assert found.noticed_at.isoformat() == "2026-11-25T03:00:00+00:00"


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_of_the_handler_is_known(kind: Kind) -> None:
    assert read(report(kind=kind.value)).kind == kind.value


@pytest.mark.parametrize(
    "wrong",
    [
        {"more": 1},
        {"id": "Int"},
        {"id": "a" * 64},
        {"id": "../x"},
        {"revision": -1},
        {"revision": "1"},
        {"revision": 1.0},
        {"revision": True},
        {"revision": 1 << 70},
        {"state": "lost"},
        {"node": "spot 1"},
        {"node": "spot-1\n"},
        {"node": "a..b"},
        {"node": None},
        {"kind": "Spot"},
        {"detail": "x" * 1001},
        {"sources": ["s"] * 21},
        {"sources": ["\x1b[2J"]},
        {"noticed_at": None},
        {"noticed_at": 1764039600},
        {"noticed_at": "2026-11-25T03:00:00"},
        {"deadline": "0001-01-01T00:00:00+14:00"},
        {"pods": [{**pod(), "more": 1}]},
        {"pods": [pod(), pod()]},
        {"pods": [pod(way="push")]},
        {"pods": [pod(state="gone")]},
        {"pods": [pod(namespace="a.b")]},
        {"pods": [pod(owner="blog")]},
        {"pods": [pod(gap_seconds=-1)]},
        {"pods": [pod(gap_seconds="1")]},
        {"pods": [pod(f"{number}") for number in range(MOST_PODS + 1)]},
    ],
    ids=lambda wrong: f"{wrong!r:.60}",
)
def test_what_is_not_the_contracts_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        read(report(**wrong))


def test_no_number_is_an_endless_gap() -> None:
    for gap in ("NaN", "Infinity", "1e999"):
        with pytest.raises(ValidationError):
            InterruptionReport.model_validate_json(
                json.dumps(report(pods=[pod(gap_seconds=0.5)])).replace("0.5", gap)
            )


def test_as_many_pods_as_a_node_can_ever_have_are_taken() -> None:
    assert len(read(report(pods=[pod(f"{number}") for number in range(MOST_PODS)])).pods) == MOST_PODS


@given(st.text(max_size=1000))
def test_a_text_from_elsewhere_can_command_neither_terminal_nor_database(text: str) -> None:
    kept = read(report(detail=text)).detail
    assert not [each for each in kept if ord(each) < 32 or 127 <= ord(each) < 160]
