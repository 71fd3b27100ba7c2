"""The machines as the stand-in cloud needs them: which one runs, kill it, start a fresh one, reboot it."""

from typing import Protocol

from localcluster import kernel, machines, nodes
from localcluster.cloud.record import MachineRun
from localcluster.instance import Instance
from localcluster.machine import WIRED_FILE


class Machines(Protocol):
    """What the keeper of a node asks of the cluster's machines. The calls block and may raise."""

    def running(self, node: str) -> MachineRun | None:
        """The machine that runs under this name now, started to the end."""

    def kill(self, node: str) -> None:
        """End all its processes at once. Nothing is wrong if it is dead already."""

    def clear(self, node: str) -> None:
        """Lose the disk of one that was killed, which may take seconds."""

    def start(self, node: str) -> MachineRun:
        """Start a fresh machine, after doing away with a half-started one. It gives way until `at_work`."""

    def at_work(self, node: str) -> None:
        """Let its machine have as much of the processors as others of its kind."""

    def reboot(self, node: str) -> MachineRun:
        """End all its processes at once and start it again with the disk it had."""


class InstanceMachines:
    """The machines of one embedded cluster."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance

    def running(self, node: str) -> MachineRun | None:
        pid = machines.pid(self._instance, node)
        start = None if pid is None else kernel.start_time(pid)
        if pid is None or start is None or not (machines.home(self._instance, node) / WIRED_FILE).exists():
            return None
        return MachineRun(pid=pid, start=start, boot=kernel.boot_id())

    def kill(self, node: str) -> None:
        nodes.kill_node(self._instance, node)

    def clear(self, node: str) -> None:
        nodes.clear_node(self._instance, node)

    def start(self, node: str) -> MachineRun:
        nodes.start_node(self._instance, node)
        nodes.give_way(self._instance, node)
        return self._started(node)

    def at_work(self, node: str) -> None:
        nodes.take_part(self._instance, node)

    def reboot(self, node: str) -> MachineRun:
        machines.kill(self._instance, node)
        programs = nodes.programs_in_use(self._instance)
        nodes.ensure_running(self._instance, self._instance.node(node), programs)
        return self._started(node)

    def _started(self, node: str) -> MachineRun:
        run = self.running(node)
        if run is None:
            raise RuntimeError(f"machine {node} ended as soon as it had started")
        return run
