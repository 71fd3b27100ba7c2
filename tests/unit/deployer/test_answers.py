"""Whether an answer through the ingress controller is the app's."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from deployer.rollout.answer import ABSENCE, Answer, ask, read

PATIENCE_SECONDS = 300
MARK = {"x-served-by": "madang"}
STAND_IN = {**MARK, ABSENCE: "not-yet"}


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
        (404, STAND_IN, "<h1>", False),
        (503, STAND_IN, "<h1>", False),
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
        (Answer(503, False, absent=True), True),
        (Answer(404, True), False),
        (Answer(200, True), False),
    ],
)
def test_without_a_way_nothing_was_heard_of_the_app(answer: Answer, unrouted: bool) -> None:
    assert answer.unrouted is unrouted


@contextmanager
def answering(head: bytes, body: bytes, *, endless: bool) -> Iterator[str]:
    """A server that sends this to whoever asks, the body again and again if it is endless."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        client, _ = listener.accept()
        with client:
            client.recv(65536)
            client.sendall(head + b"\r\n\r\n" + body)
            try:
                while endless:
                    client.sendall(body)
            except OSError:
                return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.close()
        thread.join(PATIENCE_SECONDS)
    assert not thread.is_alive()


def test_an_app_that_sends_without_an_end_has_answered() -> None:
    with answering(b"HTTP/1.1 200 OK", b"x" * 65536, endless=True) as url:
        assert ask(url, "site.example", "/", PATIENCE_SECONDS) == Answer(200, True)


def test_a_packed_answer_is_not_unpacked() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 7"
    with answering(head, b"no gzip", endless=False) as url:
        assert ask(url, "site.example", "/", PATIENCE_SECONDS) == Answer(200, True)


def test_the_controllers_own_404_is_known_by_its_words() -> None:
    words = b"404 page not found\n"
    head = b"HTTP/1.1 404 Not Found\r\nContent-Length: %d" % len(words)
    with answering(head, words, endless=False) as url:
        assert ask(url, "site.example", "/", PATIENCE_SECONDS) == Answer(404, False)


def test_a_connection_that_ends_at_once_is_no_answer() -> None:
    with answering(b"", b"", endless=False) as url:
        answer = ask(url, "site.example", "/", PATIENCE_SECONDS)
    assert (answer.status, answer.live) == (None, False)
    assert answer.error
