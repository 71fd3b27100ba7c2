"""The way out's end on the host: the proxy through which builds reach package registries.

It runs in the host's own network, where names resolve and routes lead out, supervised as a machine of its
own: a change of the hosts that may be reached restarts this and nothing else.
"""

from localcluster import egress, machines
from localcluster.instance import Instance
from localcluster.machine import MachineSpec
from localcluster.program import HOST_NETWORK, Program
from localcluster.report import Report

NAME = machines.OUTLET


def ensure_running(instance: Instance, report: Report) -> bool:
    """Start the proxy unless it runs just so already. True if it was started. Raises ClusterError."""
    wanted = spec(instance, egress.way_out(instance.cache, report))
    if machines.runs_as(instance, wanted):
        return False
    machines.start(instance, wanted, lambda _: None)
    return True


def spec(instance: Instance, way_out: egress.WayOut) -> MachineSpec:
    home = machines.home(instance, NAME)
    command = ("nsenter", f"--net={HOST_NETWORK}", *egress.proxy_command(home))
    return MachineSpec(
        name=NAME,
        home=str(home),
        cgroup=machines.cgroup(instance, NAME),
        files=egress.proxy_files(home, instance.ports.proxy, way_out),
        programs=(Program("tinyproxy", command),),
    )
