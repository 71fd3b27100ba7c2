"""As many requests at once as the API server answers well, and the errors that its answers become."""

from __future__ import annotations

import json
from typing import Any

import pytest
from kubernetes.client.exceptions import ApiException

from spot.errors import Conflict, Denied, Missing, SpotError, TemporaryError
from spot.kube.connection import Expired, Refused, _ours, _pause_seconds, _retry_after
from spot.kube.pace import FEWEST, MOST, Pace


def hear(pace: Pace, *statuses: int | str) -> None:
    for status in statuses:
        with pace.turn("PATCH") as told:
            told(status)


def test_trouble_halves_it_once_and_good_answers_bring_it_back_slowly() -> None:
    pace = Pace()
    assert pace.limit == MOST
    hear(pace, 429, 429, 500)
    assert pace.limit == MOST // 2
    hear(pace, *[200] * MOST)
    assert MOST // 2 < pace.limit < MOST
    hear(pace, *[200] * 1000)
    assert pace.limit == MOST


def test_it_never_stops() -> None:
    pace = Pace()
    for _ in range(20):
        pace._cooled_at = 0.0
        hear(pace, "none")
    assert pace.limit == FEWEST


def test_what_is_said_of_one_object_is_no_trouble_of_the_server() -> None:
    pace = Pace()
    hear(pace, 404, 409, 410, 422, "budget")
    assert pace.limit == MOST


def test_every_answer_is_counted() -> None:
    heard: list[tuple[str, str]] = []
    hear(Pace(lambda verb, code: heard.append((verb, code))), 200, "none")
    assert heard == [("PATCH", "200"), ("PATCH", "none")]


def test_a_turn_is_given_back_whatever_happens_in_it() -> None:
    pace = Pace()
    for _ in range(MOST * 2):
        with pytest.raises(RuntimeError), pace.turn("GET"):
            raise RuntimeError


def answer(status: int, message: str = "", **headers: str) -> ApiException:
    error = ApiException(status=status, reason="")
    error.body = json.dumps({"message": message})
    error.headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return error


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (answer(404), Missing),
        (answer(409), Conflict),
        (answer(410), Expired),
        (answer(403), Denied),
        (answer(422), Denied),
        (answer(429), TemporaryError),
        (answer(500), TemporaryError),
        (answer(503), TemporaryError),
        (answer(429, "it would violate the pod's DisruptionBudget"), Refused),
        (answer(500, "This pod has more than one PodDisruptionBudget, which is not supported."), Refused),
        (OSError("reset"), TemporaryError),
    ],
)
def test_each_answer_is_one_of_our_errors(error: Any, kind: type[SpotError]) -> None:
    ours = _ours(error, "PATCH /x")
    assert type(ours) is kind
    assert str(ours).startswith("PATCH /x")


def test_the_servers_wish_for_a_pause_is_heard_but_a_deadline_is_running() -> None:
    assert _retry_after(answer(429, Retry_After="2")) == 2
    assert _retry_after(answer(429, Retry_After="tomorrow")) == 0
    assert 2 <= _pause_seconds(1, 2.0) <= 2.2
    assert _pause_seconds(4, 60.0) == 5
