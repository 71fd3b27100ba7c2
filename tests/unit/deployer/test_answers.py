"""Whether an answer through the ingress controller is the app's."""

from __future__ import annotations

import pytest

from deployer.rollout.answer import Answer, read

MARK = {"x-served-by": "madang"}


@pytest.mark.parametrize(
    ("status", "headers", "body", "live"),
    [
        (200, {}, "hello", True),
        (302, {}, "", True),
        (500, {}, "oops", True),
        (404, {}, "404 page not found\n", False),
        (404, MARK, "404 page not found\n", True),
        (404, {}, "<h1>Not Found</h1>", True),
        (502, {}, "Bad Gateway", False),
        (503, {}, "no available server\n", False),
        (503, MARK, "starting", False),
    ],
)
def test_only_an_answer_of_the_app_makes_a_release_live(
    status: int, headers: dict[str, str], body: str, live: bool
) -> None:
    assert read(status, headers, body).live is live


@pytest.mark.parametrize(
    ("answer", "unrouted"),
    [
        (Answer(404, False), True),
        (Answer(None, False, "ConnectError: refused"), True),
        (Answer(None, False, "ReadTimeout: "), False),
        (Answer(503, False), False),
        (Answer(404, True), False),
        (Answer(200, True), False),
    ],
)
def test_without_a_way_nothing_was_heard_of_the_app(answer: Answer, unrouted: bool) -> None:
    assert answer.unrouted is unrouted
