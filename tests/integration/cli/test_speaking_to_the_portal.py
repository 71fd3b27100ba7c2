"""The client's mechanics against a real HTTP server."""

import httpx
import pytest
from madang.portal import Portal
from madang.problem import Problem
from madang.refusal import duration

from tests.integration.cli.scene import Answer, Server


@pytest.fixture
def waited() -> list[float]:
    return []


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def portal(server: Server, waited: list[float], said: list[str]) -> Portal:
    return Portal(server.url, "mdg_k1_secret", pause=waited.append, tell=said.append)


def test_a_name_under_localhost_reaches_this_machine_and_keeps_its_host_header(
    server: Server, portal: Portal
) -> None:
    server.on("GET", "/whoami", Answer(body={"ok": True}))
    assert portal.get("/whoami") == {"ok": True}
    assert server.asked[0].headers["Host"] == f"madang.localhost:{server.port}"
    assert server.asked[0].headers["Authorization"] == "Bearer mdg_k1_secret"


def test_the_portal_is_told_in_which_language_to_answer(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.on("GET", "/x", Answer(lines=[{"heartbeat": True}]))
    for language in ("ko_KR.UTF-8", "C"):
        monkeypatch.setenv("LC_ALL", language)
        with Portal(server.url, None).stream("/x") as events:
            assert list(events) == [{"heartbeat": True}]
    korean, plain = (asked.headers.get("Accept-Language") for asked in server.asked)
    assert (korean, plain) == ("ko-KR", None)


def test_a_question_is_asked_again_while_the_platform_is_unwell(
    server: Server, portal: Portal, waited: list[float]
) -> None:
    server.on("GET", "/x", Answer(503), Answer(0), Answer(502), Answer(body=[1]))
    assert portal.get("/x") == [1]
    assert len(waited) == 3


def test_a_change_whose_answer_was_lost_is_not_sent_twice(server: Server, portal: Portal) -> None:
    server.on("POST", "/x", Answer(0))
    with pytest.raises(Problem, match="No answer from"):
        portal.post("/x", {"a": 1})
    assert [asked.body for asked in server.asked] == [{"a": 1}]


def test_a_change_is_sent_again_after_the_wait_that_the_portal_asks_for(
    server: Server, portal: Portal, waited: list[float], said: list[str]
) -> None:
    server.on("POST", "/x", Answer(429, headers={"Retry-After": "7"}), Answer(body={"done": True}))
    assert portal.post("/x") == {"done": True}
    assert waited == [7.0]
    assert said == ["Too many requests in a short time. Trying again in 7 seconds."]


def test_a_long_wait_is_told_and_not_waited_for(server: Server, portal: Portal, waited: list[float]) -> None:
    explanation = {"reason": "too-much-config", "what": "Very much config.", "evidence": "", "next": "Wait."}
    limited = Answer(429, {"error": explanation, "action": "make-release"}, {"Retry-After": "2520"})
    server.on("PATCH", "/x", limited)
    with pytest.raises(Problem) as refused:
        portal.patch("/x", {})
    assert refused.value.next == "Wait.\nThe same works again in 42 minutes; nothing was changed."
    assert (refused.value.reason, waited, len(server.asked)) == ("too-much-config", [], 1)


def test_a_stream_that_has_no_place_is_lost_for_a_moment_or_refused_for_long(
    server: Server, portal: Portal
) -> None:
    explanation = {"reason": "too-many-readers", "what": "Very many logs.", "evidence": "", "next": "Wait."}
    body = {"error": explanation, "action": "follow-logs"}
    server.on(
        "GET", "/s", Answer(429, body, {"Retry-After": "60"}), Answer(429, body, {"Retry-After": "9000"})
    )
    with pytest.raises(httpx.ReadError, match=r"Very many logs\."), portal.stream("/s"):
        pass
    with pytest.raises(Problem) as refused, portal.stream("/s"):
        pass
    assert "in 3 hours" in refused.value.next


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(1, "1 second"), (90.2, "91 seconds"), (121, "3 minutes"), (3600, "60 minutes"), (7300, "3 hours")],
)
def test_a_wait_is_told_in_a_unit_that_says_enough(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_the_portals_own_explanation_is_shown(server: Server, portal: Portal) -> None:
    explanation = {
        "reason": "name-taken",
        "what": "It is taken.",
        "evidence": "by you",
        "next": "Another name.",
    }
    server.on("POST", "/x", Answer(409, {"error": explanation}))
    with pytest.raises(Problem) as refused:
        portal.post("/x")
    assert refused.value.lines() == "madang: It is taken.\n  by you\n→ Another name."
    assert refused.value.status == 409


@pytest.mark.parametrize(
    ("status", "what", "following"),
    [
        (401, "The key is not accepted", "madang login --url"),
        (403, "does not allow", "Ask an owner"),
        (404, "no such thing", "madang project list"),
        (500, "Not your mistake", "operator"),
        (418, "refused the request", "--help"),
    ],
)
def test_a_refusal_without_explanation_still_says_what_to_do_next(
    server: Server, portal: Portal, status: int, what: str, following: str
) -> None:
    server.on("DELETE", "/x", Answer(status))
    with pytest.raises(Problem) as refused:
        portal.delete("/x")
    assert what in refused.value.what
    assert f"DELETE /api/v1/x: {status}" in refused.value.evidence
    assert following in refused.value.next


def test_a_list_is_read_to_its_last_page(server: Server, portal: Portal) -> None:
    following = '</api/v1/x?limit=2&after=b>; rel="next"'
    server.on("GET", "/x", Answer(body=["a", "b"], headers={"Link": following}), Answer(body=["c"]))
    assert portal.get_all("/x") == ["a", "b", "c"]
    assert [asked.path for asked in server.asked] == ["/api/v1/x", "/api/v1/x?limit=2&after=b"]


def test_another_kind_of_server_is_named_as_such(server: Server, portal: Portal) -> None:
    server.on("GET", "/x", Answer(text="<html>"))
    with pytest.raises(Problem, match="not as a Madang does") as refused:
        portal.get("/x")
    assert "madang login --url" in refused.value.next


def test_nobody_there_is_said_so() -> None:
    with pytest.raises(Problem, match=r"No answer from http://madang\.localhost:1"):
        Portal("http://madang.localhost:1", None, pause=lambda _: None).get("/whoami")


def test_a_stream_in_another_ending_than_its_end_is_lost_not_refused(server: Server, portal: Portal) -> None:
    server.on("GET", "/s", Answer(lines=[{"heartbeat": True}], cut=True))
    with portal.stream("/s", after=3) as events:
        assert next(events) == {"heartbeat": True}
        with pytest.raises(httpx.TransportError):
            next(events)
    assert server.asked[0].path == "/api/v1/s?after=3"
