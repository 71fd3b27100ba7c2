"""How the handler holds on to the API server."""

from __future__ import annotations

import socket
import threading

import pytest
from kubernetes.client import Configuration
from kubernetes.client.exceptions import ApiException

from spot.errors import NotLeading, Outdated, TemporaryError
from spot.kube import Connection


def test_a_dead_peer_is_noticed_within_a_fraction_of_a_notice() -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    body = b'{"kind": "Status"}'
    said = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)

    def answer() -> None:
        there, _ = listening.accept()
        there.recv(65536)
        there.sendall(said)

    threading.Thread(target=answer, daemon=True).start()
    configuration = Configuration()
    configuration.host = f"http://127.0.0.1:{listening.getsockname()[1]}"
    connection = Connection(configuration)
    made: list[socket.socket] = []
    original = socket.socket.connect

    def connect(self: socket.socket, address: object) -> None:
        made.append(self)
        original(self, address)  # type: ignore[arg-type]

    socket.socket.connect = connect  # type: ignore[method-assign, assignment]
    try:
        assert connection.call("GET", "/version", read_seconds=300) == {"kind": "Status"}
    finally:
        socket.socket.connect = original  # type: ignore[method-assign]
    (held,) = made
    idle, between, times = (
        held.getsockopt(socket.IPPROTO_TCP, option)
        for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
    )
    assert held.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    assert idle + between * times <= 30
    listening.close()


@pytest.mark.parametrize("method", ["PATCH", "POST", "DELETE"])
def test_who_does_not_lead_sends_no_write(method: str) -> None:
    configuration = Configuration()
    listening = socket.create_server(("127.0.0.1", 0))
    configuration.host = f"http://127.0.0.1:{listening.getsockname()[1]}"
    whole = Connection(configuration)
    with pytest.raises(NotLeading):
        whole.only_while(lambda: False).call(method, "/api/v1/nodes/spot-1", body={})
    listening.setblocking(False)
    with pytest.raises(BlockingIOError):
        listening.accept()
    listening.close()


def test_whether_a_write_is_still_wanted_is_asked_before_each_attempt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A server that is busy for a while is asked again, by when the reason may have gone."""
    connection, asked = Connection(Configuration()), list[str]()

    def busy(method: str, *_: object) -> None:
        asked.append(method)
        raise ApiException(status=503)

    monkeypatch.setattr(connection, "_request", lambda method, *_: busy(method))
    wanted = connection.only_while(lambda: True).only_while(lambda: len(asked) < 2, Outdated)
    with pytest.raises(Outdated):
        wanted.call("PATCH", "/api/v1/nodes/spot-1", body={})
    assert asked == ["PATCH", "PATCH"]
    with pytest.raises(TemporaryError):
        wanted.call("GET", "/api/v1/nodes/spot-1", attempts=1)
