"""A program's small HTTP server: its metrics, and whether it is well."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry, make_wsgi_app

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


@contextmanager
def serve(port: int, registry: CollectorRegistry, checks: Mapping[str, Callable[[], bool]]) -> Iterator[int]:
    """Serve /metrics and each of `checks` by its path (200 or 503) while the block runs; gives the port.

    Port 0 takes a free one.
    """
    metrics = make_wsgi_app(registry)

    def answer(environment: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        path = environment["PATH_INFO"]
        if path == "/metrics":
            return metrics(environment, start)  # type: ignore[no-any-return]
        check = checks.get(path)
        status = "404 Not Found" if check is None else "200 OK" if check() else "503 Service Unavailable"
        start(status, [("Content-Type", "text/plain")])
        return [status.encode() + b"\n"]

    server = make_server("", port, answer, _Threaded, _Quiet)
    thread = threading.Thread(target=server.serve_forever, name="serving", daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


class _Threaded(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    """A probe each few seconds is no news; a client that says nothing keeps no thread."""

    timeout = 10

    def log_message(self, format: str, *args: object) -> None:
        pass
