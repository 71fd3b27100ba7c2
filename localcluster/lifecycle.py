"""Bringing a cluster up, stopping it, and taking it away, whatever state it is found in."""

import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import yaml

from localcluster import api, built_in, cgroups, control, leftovers, machines, nodes, pause, pki, programs
from localcluster.errors import ClusterError
from localcluster.instance import Instance
from localcluster.lock import held
from localcluster.report import Progress, Report
from localcluster.threads import side_by_side

API_READY_SECONDS = 180.0
NODES_READY_SECONDS = 180.0
HALF_DESTROYED = "half-destroyed"
SYSTEM_OBJECTS = Path(__file__).with_name("system.yaml")


def up(instance: Instance, report: Progress, programs: Path) -> None:
    """Start Kubernetes, or what of it does not run as it should, and wait for it. Again is a no-op."""
    start(instance, report, programs)
    wait_until_ready(instance, report)


def start(instance: Instance, report: Progress, programs: Path) -> None:
    """Start every machine that does not run as it should. The mirror answers at the end."""
    instance.state.mkdir(parents=True, exist_ok=True)
    instance.state.chmod(0o711)  # pods' volumes live below; keys have a folder of their own
    instance.machines.mkdir(exist_ok=True)
    instance.machines.chmod(0o700)  # a machine that goes on has its settings as an earlier version wrote them
    for folder in (instance.volumes, instance.mirror_storage):
        folder.mkdir(parents=True, exist_ok=True)
    pki.ensure(instance)
    nodes.use_programs(instance, programs)
    for name in nodes.surplus(instance):
        report(f"{name} is no longer wanted: removing it")
        nodes.kill_node(instance, name)
        nodes.clear_node(instance, name)
        machines.remove(instance, name)
    if control.ensure_running(instance, programs):
        report("control plane started")
    pause.push(instance, programs, report)
    with side_by_side() as pool:
        started = list(pool.map(lambda node: nodes.ensure_running(instance, node, programs), instance.nodes))
    if any(started):
        report(f"{sum(started)} nodes started")


def wait_until_ready(instance: Instance, report: Report) -> None:
    """Until the API server has what the cluster itself needs and every node is Ready; else ClusterError."""
    with api.connect(instance) as server:
        server.wait_until_ready(API_READY_SECONDS, report)
        report("API server ready")
        server.apply(system_objects(instance))
        wanted = {node.name for node in instance.nodes}
        _forget_surplus_nodes(server, wanted)
        _wait_for_nodes(server, wanted, report)
    report(f"{len(instance.nodes)} nodes Ready: {', '.join(node.name for node in instance.nodes)}")


def programs_folder(instance: Instance, report: Report) -> Path:
    """The cluster's programs, compiled if need be, or those that the settings name."""
    return instance.programs or programs.ensure(instance.cache, report)


def down(instance: Instance, report: Report) -> None:
    """Stop everything and keep all data. Pods get some seconds to end; nothing to stop is fine."""
    if not instance.state.exists() and not _other_cgroups(instance):
        report(f"there is no cluster {instance.name!r} at {instance.state}; nothing to stop")
        return
    _stop_cloud(instance)
    running = [name for name in machines.names(instance) if name not in machines.NOT_NODES]
    _each(running, lambda name: machines.stop(instance, name))
    if running:
        report(f"{len(running)} nodes stopped")
    _each([*machines.NOT_NODES, *_other_cgroups(instance)], lambda name: machines.stop(instance, name))
    _remove_instance_cgroup(instance)
    built_in.remove_paths()
    report("control plane stopped; all data is kept")


def destroy(instance: Instance, report: Report) -> None:
    """End every process at once and delete all data but the cache. Raises ClusterError if any is left."""
    _stop_cloud(instance)
    everything = [n for n in machines.names(instance) if n != machines.CONTROL] + _other_cgroups(instance)
    _each(everything, lambda name: machines.kill(instance, name))
    machines.kill(instance, machines.CONTROL)
    _remove_instance_cgroup(instance)
    report("every process ended")
    built_in.remove_paths()
    _delete(instance.state)
    if left := leftovers.find(instance):
        listed = "\n".join(f"  - {line}" for line in left)
        raise ClusterError(
            f"This is left of {instance.name!r}:\n{listed}\nRun destroy again; if it stays, reboot."
        )
    report("no process, mount, network namespace, cgroup, link or folder is left")


@contextmanager
def alone(instance: Instance, report: Report) -> Iterator[None]:
    """One command at a time changes a cluster; a second waits for the first. A killed one holds nothing."""
    file = Path("/run") / f"{instance.name}.lock"

    def tell() -> None:
        report(f"another command (PID {file.read_text()}) works on {instance.name!r}; waiting for its end")

    with held(file, tell):
        file.write_text(str(os.getpid()))
        yield


def system_objects(instance: Instance) -> list[dict[str, object]]:
    """Services, endpoints and rights of DNS, metrics and the policy agents."""
    objects = list(yaml.safe_load_all(SYSTEM_OBJECTS.read_text()))
    for item in objects:
        if item["kind"] == "APIService":
            item["spec"]["caBundle"] = pki.authority(instance)
    return objects


def _wait_for_nodes(server: api.Api, wanted: set[str], report: Report) -> None:
    began = time.monotonic()
    told: list[str] = []
    while missing := sorted(wanted - server.ready_nodes()):
        waited = time.monotonic() - began
        if waited > NODES_READY_SECONDS:
            raise ClusterError(
                f"Not Ready after {NODES_READY_SECONDS:.0f} s: {', '.join(missing)}.\n"
                f'Look at `make logs ARGS="{missing[0]}"`; its programs\' last words stand there.'
            )
        if waited > api.SLOW_SECONDS and missing != told:
            told = missing
            report(f'not Ready yet: {", ".join(told)}. Next: make logs ARGS="{told[0]} kubelet"')
        time.sleep(0.1)


def _delete(state: Path) -> None:
    """All that lies there. A mark stays until nothing is left with which a new start would go on by half."""
    if not state.exists():
        return
    with suppress(OSError):  # on a full disk there may be no room for it
        (state / HALF_DESTROYED).touch()
    for folder in state.iterdir():
        shutil.rmtree(folder, ignore_errors=True)
    shutil.rmtree(state, ignore_errors=True)


def _forget_surplus_nodes(server: api.Api, wanted: set[str]) -> None:
    for item in server.get("/api/v1/nodes")["items"]:
        if item["metadata"]["name"] not in wanted:
            server.delete(f"/api/v1/nodes/{item['metadata']['name']}")


def _stop_cloud(instance: Instance) -> None:
    from localcluster.cloud import process

    process.stop(instance)


def _other_cgroups(instance: Instance) -> list[str]:
    """Machines that no folder tells of: their start was cut short, or their folder was deleted by hand."""
    return sorted(cgroups.machine_names(instance.name) - set(machines.names(instance)))


def _remove_instance_cgroup(instance: Instance) -> None:
    cgroups.remove(instance.cgroup)


def _each(names: Iterable[str], work: Callable[[str], None]) -> None:
    with side_by_side() as pool:
        list(pool.map(work, names))
