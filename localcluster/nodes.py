"""Workers: start one with what it had or fresh, take one away as a lost spot node goes."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from localcluster import cgroups, machines, network, pki, worker
from localcluster.errors import ClusterError
from localcluster.instance import Capacity, Instance, Node
from localcluster.lock import held
from localcluster.programs import note_user, store_of

# A cloud's machines have their own processors. Here all share a few: the platform's, where visitors
# come in, go before spot nodes, and these before one that only starts.
_SHARES = {Capacity.ON_DEMAND: 4.0, Capacity.SPOT: 1.0}
_STARTING_SHARE = 1 / 16


def ensure_running(instance: Instance, node: Node, programs: Path) -> bool:
    """Start the node unless it runs just so already; its images and pods' folders stay. True if started."""
    with _alone(instance, node.name):
        pki.ensure_node(instance, node)
        if machines.runs_as(instance, worker.spec(instance, node, programs)):
            return False
        _start(instance, node, programs)
        return True


def start_node(instance: Instance, name: str) -> int:
    """Start a fresh machine of that name, with an empty image store; returns its PID. Raises ClusterError."""
    node = instance.node(name)
    with _alone(instance, name):
        _end(instance, name)
        _clear(instance, name)
        pki.ensure_node(instance, node)
        return _start(instance, node, programs_in_use(instance))


def kill_node(instance: Instance, name: str) -> None:
    """End all its processes at once, with no word to Kubernetes. Again is a no-op."""
    with _alone(instance, name):
        _end(instance, name)


def give_way(instance: Instance, name: str) -> None:
    """Let a node's machine have little of the processors, until `take_part`."""
    cgroups.weigh(machines.cgroup(instance, name), _STARTING_SHARE)


def take_part(instance: Instance, name: str) -> None:
    """Let a node's machine have as much of the processors as others of its kind."""
    cgroups.weigh(machines.cgroup(instance, name), _SHARES[instance.node(name).capacity])


def clear_node(instance: Instance, name: str) -> None:
    """Throw away what is left of a killed node: its disk, which takes seconds. Again is a no-op."""
    with _alone(instance, name):
        if machines.pid(instance, name) is None:  # `up` may have started it meanwhile
            _clear(instance, name)


def surplus(instance: Instance) -> list[str]:
    """Nodes that were started under other settings and are no longer wanted."""
    wanted = {node.name for node in instance.nodes} | set(machines.NOT_NODES)
    return [name for name in machines.names(instance) if name not in wanted]


def use_programs(instance: Instance, programs: Path) -> None:
    """Note which compiled programs the cluster runs, for nodes started later and for bin/kubectl."""
    link = instance.state / "bin"
    if not (link.is_symlink() and link.readlink() == programs):
        fresh = link.with_name("bin.new")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(programs)
        fresh.rename(link)
    # Only now: who finds a note of what is not there takes the cluster for a destroyed one.
    note_user(store_of(instance.cache), link)


def programs_in_use(instance: Instance) -> Path:
    """The folder of the cluster's programs; raises ClusterError if there is no cluster, or no folder."""
    link = instance.state / "bin"
    if not link.is_symlink():
        raise ClusterError(f"There is no cluster {instance.name!r} at {instance.state}. `make up` makes one.")
    programs = link.readlink()
    if not programs.is_dir():
        raise ClusterError(
            f"The programs of {instance.name!r} are gone from {programs}. `make up` makes them."
        )
    return programs


@contextmanager
def _alone(instance: Instance, name: str) -> Iterator[None]:
    """`up`, `reclaim` and the stand-in cloud may all want to start or end the same node."""
    with held(instance.state / "locks" / name):
        yield


def _end(instance: Instance, name: str) -> None:
    control = machines.pid(instance, machines.CONTROL)
    if control is not None and name in (n.name for n in instance.nodes):
        network.unplug(control, instance.node(name))
    machines.end_processes(instance, name)


def _clear(instance: Instance, name: str) -> None:
    machines.kill(instance, name)
    shutil.rmtree(worker.data(instance, name), ignore_errors=True)


def _start(instance: Instance, node: Node, programs: Path) -> int:
    control = machines.pid(instance, machines.CONTROL)
    if control is None:
        raise ClusterError(f"The control plane of {instance.name!r} does not run. `make up` starts it.")
    wanted = worker.spec(instance, node, programs)
    for source, _ in wanted.binds:
        Path(source).mkdir(parents=True, exist_ok=True)
    pid = machines.start(instance, wanted, lambda pid: network.wire_node(control, pid, node))
    take_part(instance, node.name)
    return pid
