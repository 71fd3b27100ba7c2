"""A road to the server on which all that comes after so many bytes is lost."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class NarrowRoad:
    """`full` is set when the road has carried all that it carries; the server then waits for the rest."""

    def __init__(self, port: int, bytes_up: int) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._server_port = port
        self._left = bytes_up
        self.port = int(self._listener.getsockname()[1])
        self.full = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._server_port))
            threading.Thread(target=self._up, args=(client, server), daemon=True).start()
            threading.Thread(target=_pump, args=(server, client), daemon=True).start()

    def _up(self, client: socket.socket, server: socket.socket) -> None:
        while self._left > 0 and (data := client.recv(min(self._left, 65536))):
            server.sendall(data)
            self._left -= len(data)
        if self._left <= 0:
            self.full.set()
            while client.recv(65536):
                pass
        # close() alone says nothing while the other thread still reads from it.
        server.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._listener.close()


def _pump(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return


@contextmanager
def narrow_road(port: int, bytes_up: int) -> Iterator[NarrowRoad]:
    road = NarrowRoad(port, bytes_up)
    try:
        yield road
    finally:
        road.close()
