"""What the reporter makes of answers that are not the portal's best."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from pydantic import SecretStr

from spot.errors import PermanentError, TemporaryError
from spot.reporting import Reporter
from tests.unit.portal.fleet.reports import report


class Answering(HTTPServer):
    status, text, silent = 200, "{}", False


class Handler(BaseHTTPRequestHandler):
    def do_PUT(self) -> None:
        assert isinstance(self.server, Answering)
        self.rfile.read(int(self.headers["Content-Length"]))
        if self.server.silent:
            self.close_connection = True
            return
        said = self.server.text.encode()
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(said)))
        self.send_header("Location", "http://127.0.0.1:1/")
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Answering]:
    with Answering(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def reporter(server: Answering, monkeypatch: pytest.MonkeyPatch) -> Iterator[Reporter]:
    # Were the environment trusted, this would be where it asks.
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    made = Reporter(f"http://127.0.0.1:{server.server_port}/", SecretStr("key"), 60)
    yield made
    made.close()


@pytest.mark.parametrize("status", [404, 408, 425, 429, 500, 502, 503, 504, 301, 307])
def test_trouble_that_passes_is_told_apart(server: Answering, reporter: Reporter, status: int) -> None:
    server.status, server.text = status, "<html>busy</html>"
    with pytest.raises(TemporaryError, match=f"{status} .*busy"):
        reporter.send(report())


@pytest.mark.parametrize("status", [400, 401, 413, 422])
def test_a_refusal_carries_the_portals_reason(server: Answering, reporter: Reporter, status: int) -> None:
    server.status = status
    server.text = '{"error": {"reason": "bad", "what": "It is bad.", "evidence": "pods", "next": "Mend it."}}'
    with pytest.raises(PermanentError, match=f"{status} .*bad It is bad. pods Mend it."):
        reporter.send(report())


@pytest.mark.parametrize("text", ["", "[]", '{"error": null}', '{"error": "no"}', "\x00"])
def test_a_refusal_of_somebody_else_is_understood_as_one(
    server: Answering, reporter: Reporter, text: str
) -> None:
    server.status, server.text = 403, text
    with pytest.raises(PermanentError, match="403"):
        reporter.send(report())


def test_a_connection_that_breaks_is_trouble_that_passes(server: Answering, reporter: Reporter) -> None:
    server.silent = True
    with pytest.raises(TemporaryError, match="does not answer"):
        reporter.send(report())


def test_any_success_is_one_without_a_proxy(server: Answering, reporter: Reporter) -> None:
    server.status = 204
    server.text = ""
    reporter.send(report())
