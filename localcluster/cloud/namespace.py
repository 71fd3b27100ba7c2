"""Sockets inside a machine's network namespace, held by a process outside.

A socket stays in the network namespace that it was made in. So a thread steps into the machine's namespace,
makes the socket there and ends; the event loop outside serves it. The namespace cannot vanish while such a
socket is open, so whoever ends the machine closes the socket first.
"""

import os
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor

from localcluster import kernel
from localcluster.cloud.record import MachineRun

IP_FREEBIND = 15
"""From linux/in.h; the socket module has no name for it."""


class MachineGone(Exception):
    """The machine ended while we were looking for its network."""


def listen_inside(machine: MachineRun, address: str, port: int) -> socket.socket:
    """Listen on a link-local `address` of the machine itself, reachable by its own processes only.

    The address goes to the machine's loopback. The socket is bound to that device, so what pods send to the
    address (it arrives by their own link) is refused, as EC2 refuses pods with a hop limit of 1; pods on the
    host's network are the node's own processes. Raises MachineGone, or OSError.
    """
    with ThreadPoolExecutor(max_workers=1) as thread:  # setns moves one thread; this one ends in there
        return thread.submit(_listen, machine, address, port).result()


def _listen(machine: MachineRun, address: str, port: int) -> socket.socket:
    try:
        namespace = os.open(f"/proc/{machine.pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    except OSError as problem:
        raise MachineGone from problem
    try:
        if kernel.start_time(machine.pid) != machine.start:  # another process may have the PID by now
            raise MachineGone
        kernel.setns(namespace, kernel.NEWNET)
    finally:
        os.close(namespace)
    # The child inherits the namespace of the thread that starts it.
    subprocess.run(["ip", "addr", "replace", f"{address}/32", "dev", "lo"], check=True, capture_output=True)
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.IPPROTO_IP, IP_FREEBIND, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo")
        listener.bind((address, port))
        listener.listen(128)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener
