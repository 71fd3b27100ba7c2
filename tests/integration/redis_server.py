"""A real Redis for a test session."""

from __future__ import annotations

import random
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.integration.mortal import start_mortal

PATIENCE_SECONDS = 300
# Below those that the kernel gives to whoever connects (`ip_local_port_range` begins at 32768): nobody takes
# one between its choice and the start of the program that is told to listen there.
PORTS = range(20_000, 30_000)
_claims: list[socket.socket] = []


def free_port() -> int:
    """One of 127.0.0.1 that no other run of the tests is given while this process lives."""
    for port in random.sample(PORTS, len(PORTS)):
        claim = socket.socket(socket.AF_UNIX)
        try:
            # In the abstract namespace: the kernel lets go of it with this process.
            claim.bind(f"\0madang-tests-port-{port}")
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            claim.close()
            continue
        _claims.append(claim)
        return port
    raise RuntimeError(f"no port of {PORTS} is free")


@contextmanager
def running_redis(port: int) -> Iterator[None]:
    """Redis on 127.0.0.1, in memory alone."""
    with tempfile.TemporaryDirectory(prefix="madang-redis-") as folder:
        words = ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--dir", folder]
        process = start_mortal(words)
        try:
            deadline = time.monotonic() + PATIENCE_SECONDS
            while not _answers(port):
                assert process.poll() is None, "redis-server ended at once"
                assert time.monotonic() < deadline, "redis-server does not answer"
                time.sleep(0.02)
            yield
        finally:
            process.terminate()
            process.wait()


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(7) == b"+PONG\r\n"
    except OSError:
        return False
