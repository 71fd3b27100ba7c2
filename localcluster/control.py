"""The control plane's machine: Kubernetes' own programs, names, the image mirror, the gates."""

import json
from pathlib import Path

from localcluster import control_plane, machines, network, pki
from localcluster.control_plane import READY_URL
from localcluster.instance import (
    API_PORT,
    CLUSTER_DOMAIN,
    CONTROL_ADDRESS,
    DRILL_PORT,
    EGRESS_PORT,
    INGRESS_NODE_PORT,
    MIRROR_PORT,
    MIRROR_WRITE_PORT,
    Instance,
    node_address,
)
from localcluster.machine import MachineSpec
from localcluster.program import HOST_NETWORK, Program

_WRITABLE = "mirror-write.json"


def ensure_running(instance: Instance, programs: Path) -> bool:
    """Start the machine unless it runs just so already. True if it was started."""
    wanted = spec(instance, programs)
    if machines.runs_as(instance, wanted):
        return False
    machines.start(instance, wanted, network.wire_control)
    return True


def spec(instance: Instance, programs: Path) -> MachineSpec:
    home = machines.home(instance, machines.CONTROL)
    return MachineSpec(
        name=machines.CONTROL,
        home=str(home),
        cgroup=machines.cgroup(instance, machines.CONTROL),
        files={
            "Corefile": corefile(instance),
            "mirror.json": _registry(instance, f"{CONTROL_ADDRESS}:{MIRROR_PORT}", read_only=True),
            _WRITABLE: _registry(instance, f"127.0.0.1:{MIRROR_WRITE_PORT}", read_only=False),
        },
        programs=(
            control_plane.etcd(instance, programs),
            control_plane.api_server(instance, programs),
            _mirror("mirror", home, programs),
            _mirror("mirror-write", home, programs),
            control_plane.controllers(instance, programs),
            control_plane.scheduler(instance, programs),
            Program(
                "coredns", (str(programs / "coredns"), "-conf", str(home / "Corefile")), wait_for=(READY_URL,)
            ),
            control_plane.metrics_server(instance, programs),
            *_gates(instance),
        ),
        sysctls=network.CONTROL_SYSCTLS,
    )


def collect_mirror(instance: Instance, programs: Path) -> tuple[str, ...]:
    """The command that removes from the mirror's storage what no tag leads to. Nobody may push meanwhile."""
    configuration = machines.home(instance, machines.CONTROL) / _WRITABLE
    return (str(programs / "registry"), "garbage-collect", "--delete-untagged", str(configuration))


def corefile(instance: Instance) -> str:
    return f""".:53 {{
    bind {CONTROL_ADDRESS}
    errors
    health 127.0.0.1:8080
    ready 127.0.0.1:8181
    kubernetes {CLUSTER_DOMAIN} in-addr.arpa ip6.arpa {{
        kubeconfig {pki.inside_kubeconfig(instance, "coredns")}
        pods insecure
        ttl 5
    }}
    prometheus 127.0.0.1:9153
    cache 5
    loadbalance
}}
"""


def _mirror(name: str, home: Path, programs: Path) -> Program:
    argv = (str(programs / "registry"), "serve", str(home / f"{name}.json"))
    return Program(name, argv, {"OTEL_TRACES_EXPORTER": "none"})


def _registry(instance: Instance, address: str, *, read_only: bool) -> str:
    """Two listeners on one storage: what any pod may reach must not be writable."""
    storage = {
        "filesystem": {"rootdirectory": str(instance.mirror_storage)},
        "delete": {"enabled": not read_only},
        "maintenance": {"readonly": {"enabled": read_only}},
    }
    log = {"level": "warn", "accesslog": {"disabled": True}}
    return json.dumps({"version": "0.1", "log": log, "http": {"addr": address}, "storage": storage}, indent=1)


def _gates(instance: Instance) -> tuple[Program, ...]:
    """Ways in from the host's loopback, and two ways out to it: to the proxy, and to the stand-in cloud."""
    entrances = {
        instance.ports.api: f"{CONTROL_ADDRESS}:{API_PORT}",
        instance.ports.mirror: f"127.0.0.1:{MIRROR_WRITE_PORT}",
        instance.ports.http: f"{node_address(1)}:{INGRESS_NODE_PORT}",
    }
    gate = (machines.PYTHON, "-m", "localcluster.gate")

    def out(port: int, target: int) -> tuple[str, ...]:
        listen = ("--listen", f"{CONTROL_ADDRESS}:{port}", "--connect-in", HOST_NETWORK)
        return (*gate, *listen, f"127.0.0.1:{target}")

    return (
        Program("gate", (*gate, *entrances.values()), listen=tuple(f"127.0.0.1:{p}" for p in entrances)),
        Program("egress", out(EGRESS_PORT, instance.ports.proxy)),
        Program("drills", out(DRILL_PORT, instance.ports.drill)),
    )
