"""tinyproxy itself, between a client and two servers of this test."""

from __future__ import annotations

import http.client
import http.server
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from localcluster.egress import WayOut, proxy_command, proxy_files
from tests.integration.redis_server import free_port

PATIENCE_SECONDS = 300


class _Hello(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, *_: object) -> None: ...


@contextmanager
def serving() -> Iterator[int]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Hello) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.fixture
def server() -> Iterator[int]:
    with serving() as port:
        yield port


@pytest.fixture
def tls_server() -> Iterator[int]:
    """Stands for one: what passes through a tunnel is not the proxy's matter."""
    with serving() as port:
        yield port


@pytest.fixture
def proxy(tmp_path: Path, server: int, tls_server: int) -> Iterator[str]:
    """Lets the name localhost through at the servers' ports, and nothing else."""
    port = free_port()
    way_out = WayOut(("localhost",), ports=(443, tls_server), plain_ports=(80, server))
    for name, text in proxy_files(tmp_path, port, way_out).items():
        (tmp_path / name).write_text(text)
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(proxy_command(tmp_path), stdout=log, stderr=log, env=dict(os.environ))
    try:
        transport = httpx.HTTPTransport(retries=60)  # with growing pauses, while it starts
        with httpx.Client(transport=transport, trust_env=False, timeout=PATIENCE_SECONDS) as client:
            client.get(f"http://127.0.0.1:{port}/")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def ask(address: str, proxy: str) -> httpx.Response:
    return httpx.get(address, proxy=proxy, trust_env=False, timeout=PATIENCE_SECONDS)


def test_a_named_host_is_reached(proxy: str, server: int) -> None:
    answer = ask(f"http://localhost:{server}/", proxy)
    assert (answer.status_code, answer.text) == (200, "hello")


def test_the_same_server_by_another_name_is_refused(proxy: str, server: int) -> None:
    assert ask(f"http://127.0.0.1:{server}/", proxy).status_code == 403


def test_another_port_of_a_named_host_is_refused(proxy: str, tls_server: int) -> None:
    assert ask(f"http://localhost:{tls_server}/", proxy).status_code == 403


def test_a_tunnel_to_a_named_host_is_opened(proxy: str, tls_server: int) -> None:
    connection = http.client.HTTPConnection(proxy.removeprefix("http://"), timeout=PATIENCE_SECONDS)
    connection.set_tunnel("localhost", tls_server)
    connection.request("GET", "/")
    assert connection.getresponse().read() == b"hello"
    connection.close()


def test_a_tunnel_to_another_port_than_tls_is_refused(proxy: str, server: int) -> None:
    with pytest.raises(httpx.ProxyError, match="403"):
        ask(f"https://localhost:{server}/", proxy)
