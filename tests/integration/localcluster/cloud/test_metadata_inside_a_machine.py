"""The metadata service listens inside a machine's network, for that machine alone."""

import subprocess
import time
from collections.abc import Iterator

import pytest

from localcluster import kernel
from localcluster.cloud.namespace import MachineGone, listen_inside
from localcluster.cloud.record import MachineRun

ADDRESS, PORT = "169.254.169.254", 80
# Answers one connection; run outside the machine on the listening socket made inside it.
CLIENT = (
    "import socket; s = socket.create_connection(('169.254.169.254', 80), 300); print(s.recv(9).decode())"
)


@pytest.fixture
def machine() -> Iterator[MachineRun]:
    """A process in a network of its own, as the first process of a machine is."""
    process = subprocess.Popen(
        ["unshare", "--net", "sh", "-c", "ip link set lo up && echo up && exec sleep 1000"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "up\n"
    start = kernel.start_time(process.pid)
    assert start
    yield MachineRun(pid=process.pid, start=start, boot=kernel.boot_id())
    process.kill()
    process.wait()


def inside(machine: MachineRun, *command: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["nsenter", "-t", str(machine.pid), "-n", *command], capture_output=True, text=True, check=False
    )


def test_the_machine_reaches_it_and_the_host_does_not(machine: MachineRun) -> None:
    with listen_inside(machine, ADDRESS, PORT) as listener:
        listener.setblocking(True)
        client = subprocess.Popen(
            ["nsenter", "-t", str(machine.pid), "-n", "python3", "-c", CLIENT],
            stdout=subprocess.PIPE,
            text=True,
        )
        connection, _ = listener.accept()
        with connection:
            connection.sendall(b"from here")
        assert client.communicate()[0].strip() == "from here"
    here = subprocess.run(["ip", "-4", "addr", "show"], capture_output=True, text=True, check=True).stdout
    assert ADDRESS not in here


def test_a_pod_of_the_machine_is_refused(machine: MachineRun) -> None:
    """A pod is another network joined by a routed pair of interfaces, as the CNI plugin ptp makes it."""
    pod = subprocess.Popen(["unshare", "--net", "sleep", "1000"])
    try:
        while (
            kernel.start_time(pod.pid) is None
            or subprocess.run(
                ["readlink", f"/proc/{pod.pid}/ns/net"], capture_output=True, text=True, check=True
            ).stdout
            == subprocess.run(
                ["readlink", "/proc/self/ns/net"], capture_output=True, text=True, check=True
            ).stdout
        ):
            time.sleep(0.02)
        for words in (
            f"link add pod type veth peer name eth0 netns {pod.pid}",
            "addr add 10.244.9.1/32 dev pod",
            "link set pod up",
            "route add 10.244.9.2/32 dev pod",
        ):
            assert inside(machine, "ip", *words.split()).returncode == 0
        for words in (
            "link set lo up",
            "addr add 10.244.9.2/24 dev eth0",
            "link set eth0 up",
            "route add default via 10.244.9.1",
        ):
            assert subprocess.run(["nsenter", "-t", str(pod.pid), "-n", "ip", *words.split()]).returncode == 0
        with listen_inside(machine, ADDRESS, PORT):
            tried = subprocess.run(
                ["nsenter", "-t", str(pod.pid), "-n", "python3", "-c", CLIENT], capture_output=True, text=True
            )
        assert "ConnectionRefusedError" in tried.stderr
    finally:
        pod.kill()
        pod.wait()


def test_a_machine_that_is_gone_is_told_from_another_with_its_pid(machine: MachineRun) -> None:
    with pytest.raises(MachineGone):
        listen_inside(machine.model_copy(update={"start": machine.start + 1}), ADDRESS, PORT)
    with pytest.raises(MachineGone):
        listen_inside(MachineRun(pid=2**22 + 1, start=1, boot="x"), ADDRESS, PORT)


def test_a_second_service_may_follow_the_first_at_once(machine: MachineRun) -> None:
    listen_inside(machine, ADDRESS, PORT).close()
    listen_inside(machine, ADDRESS, PORT).close()
