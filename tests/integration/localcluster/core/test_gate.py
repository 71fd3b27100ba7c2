"""A gate that does not come to its work for a moment loses no visitor."""

import os
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack

GENEROUS_SECONDS = 300
# More than asyncio lets wait unless it is told to.
VISITORS = 300


def test_visitors_wait_at_a_gate_that_is_busy() -> None:
    with ExitStack() as stack:
        inside = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=2 * VISITORS))
        outside = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        gate = stack.enter_context(
            subprocess.Popen(
                [sys.executable, "-m", "localcluster.gate", f"127.0.0.1:{inside.getsockname()[1]}"],
                env=os.environ | {"LISTEN_FDS": str(outside.fileno())},
                pass_fds=[outside.fileno()],
            )
        )
        stack.callback(gate.kill)

        def visitor() -> socket.socket:
            return stack.enter_context(
                socket.create_connection(outside.getsockname(), timeout=GENEROUS_SECONDS)
            )

        def taken() -> socket.socket:
            return stack.enter_context(inside.accept()[0])

        inside.settimeout(GENEROUS_SECONDS)
        visitor()
        taken()
        gate.send_signal(signal.SIGSTOP)
        waiting = [visitor() for _ in range(VISITORS)]
        gate.send_signal(signal.SIGCONT)
        for _ in waiting:
            taken().sendall(b"hello")
        assert all(each.recv(5) == b"hello" for each in waiting)
