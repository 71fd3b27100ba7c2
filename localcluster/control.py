"""The control plane's machine: etcd, API server, controllers, DNS, metrics, the image mirror, the gates."""

import json
from pathlib import Path

from localcluster import machines, network, pki
from localcluster.instance import (
    API_PORT,
    CLUSTER_DOMAIN,
    CONTROL_ADDRESS,
    EGRESS_PORT,
    INGRESS_NODE_PORT,
    MIRROR_PORT,
    MIRROR_WRITE_PORT,
    SERVICE_NETWORK,
    Instance,
    node_address,
)
from localcluster.machine import MachineSpec
from localcluster.program import HOST_NETWORK, Program

METRICS_PORT = 4443
ETCD_URL = "http://127.0.0.1:2379"
READY_URL = f"https://{CONTROL_ADDRESS}:{API_PORT}/readyz"


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
            "mirror-write.json": _registry(instance, f"127.0.0.1:{MIRROR_WRITE_PORT}", read_only=False),
        },
        programs=(
            _etcd(instance, programs),
            _api_server(instance, programs),
            _mirror("mirror", home, programs),
            _mirror("mirror-write", home, programs),
            _controllers(instance, programs),
            _scheduler(instance, programs),
            Program(
                "coredns", (str(programs / "coredns"), "-conf", str(home / "Corefile")), wait_for=(READY_URL,)
            ),
            _metrics_server(instance, programs),
            *_gates(instance),
        ),
        sysctls=network.CONTROL_SYSCTLS,
    )


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


def _etcd(instance: Instance, programs: Path) -> Program:
    # With fsync: this is a club's real data, and a machine may lose its power.
    return Program(
        "etcd",
        (
            str(programs / "etcd"),
            f"--data-dir={instance.state / 'etcd'}",
            "--log-level=warn",
            f"--listen-client-urls={ETCD_URL}",
            f"--advertise-client-urls={ETCD_URL}",
            "--listen-peer-urls=http://127.0.0.1:2380",
        ),
    )


def _api_server(instance: Instance, programs: Path) -> Program:
    keys = instance.pki
    return Program(
        "kube-apiserver",
        (
            str(programs / "kube-apiserver"),
            f"--etcd-servers={ETCD_URL}",
            f"--advertise-address={CONTROL_ADDRESS}",
            f"--service-cluster-ip-range={SERVICE_NETWORK}",
            "--authorization-mode=Node,RBAC",
            "--enable-admission-plugins=NodeRestriction",
            f"--client-ca-file={keys / 'ca.crt'}",
            f"--token-auth-file={pki.static_tokens(instance)}",
            f"--tls-cert-file={keys / 'apiserver.crt'}",
            f"--tls-private-key-file={keys / 'apiserver.key'}",
            f"--kubelet-certificate-authority={keys / 'ca.crt'}",
            f"--kubelet-client-certificate={keys / 'apiserver-kubelet.crt'}",
            f"--kubelet-client-key={keys / 'apiserver-kubelet.key'}",
            "--kubelet-preferred-address-types=InternalIP",
            f"--service-account-issuer=https://kubernetes.default.svc.{CLUSTER_DOMAIN}",
            f"--service-account-key-file={keys / 'sa.pub'}",
            f"--service-account-signing-key-file={keys / 'sa.key'}",
            f"--requestheader-client-ca-file={keys / 'front/ca.crt'}",
            "--requestheader-allowed-names=front-proxy-client",
            "--requestheader-username-headers=X-Remote-User",
            "--requestheader-group-headers=X-Remote-Group",
            "--requestheader-extra-headers-prefix=X-Remote-Extra-",
            f"--proxy-client-cert-file={keys / 'front/client.crt'}",
            f"--proxy-client-key-file={keys / 'front/client.key'}",
            # There is no kube-proxy beside it: go straight to a Service's endpoints.
            "--enable-aggregator-routing",
            "--default-not-ready-toleration-seconds=5",
            "--default-unreachable-toleration-seconds=5",
            "--profiling=false",
        ),
    )


def _controllers(instance: Instance, programs: Path) -> Program:
    keys = instance.pki
    kubeconfig = pki.inside_kubeconfig(instance, "controllers")
    return Program(
        "kube-controller-manager",
        (
            str(programs / "kube-controller-manager"),
            f"--kubeconfig={kubeconfig}",
            f"--authentication-kubeconfig={kubeconfig}",
            f"--authorization-kubeconfig={kubeconfig}",
            "--bind-address=127.0.0.1",
            "--leader-elect=false",
            "--use-service-account-credentials",
            # Else it makes /usr/libexec/kubernetes.
            f"--flex-volume-plugin-dir={machines.home(instance, machines.CONTROL) / 'flex'}",
            f"--service-account-private-key-file={keys / 'sa.key'}",
            f"--root-ca-file={keys / 'ca.crt'}",
            f"--cluster-signing-cert-file={keys / 'ca.crt'}",
            f"--cluster-signing-key-file={keys / 'ca.key'}",
            "--node-monitor-period=1s",
            "--node-monitor-grace-period=12s",
            "--profiling=false",
        ),
        wait_for=(READY_URL,),
    )


def _scheduler(instance: Instance, programs: Path) -> Program:
    kubeconfig = pki.inside_kubeconfig(instance, "scheduler")
    return Program(
        "kube-scheduler",
        (
            str(programs / "kube-scheduler"),
            f"--kubeconfig={kubeconfig}",
            f"--authentication-kubeconfig={kubeconfig}",
            f"--authorization-kubeconfig={kubeconfig}",
            "--bind-address=127.0.0.1",
            "--leader-elect=false",
            "--profiling=false",
        ),
        wait_for=(READY_URL,),
    )


def _metrics_server(instance: Instance, programs: Path) -> Program:
    kubeconfig = pki.inside_kubeconfig(instance, "metrics-server")
    keys = instance.pki
    return Program(
        "metrics-server",
        (
            str(programs / "metrics-server"),
            f"--kubeconfig={kubeconfig}",
            f"--authentication-kubeconfig={kubeconfig}",
            f"--authorization-kubeconfig={kubeconfig}",
            f"--bind-address={CONTROL_ADDRESS}",
            f"--secure-port={METRICS_PORT}",
            # It panics unless the resolution is above the time-out.
            "--metric-resolution=10s",
            "--kubelet-request-timeout=5s",
            f"--tls-cert-file={keys / 'metrics-server.crt'}",
            f"--tls-private-key-file={keys / 'metrics-server.key'}",
            f"--kubelet-certificate-authority={keys / 'ca.crt'}",
            "--kubelet-preferred-address-types=InternalIP",
        ),
        wait_for=(READY_URL,),
    )


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
    """Ways in from the host's loopback, and the one way out, to the proxy on the host's loopback."""
    entrances = {
        instance.ports.api: f"{CONTROL_ADDRESS}:{API_PORT}",
        instance.ports.mirror: f"127.0.0.1:{MIRROR_WRITE_PORT}",
        instance.ports.http: f"{node_address(1)}:{INGRESS_NODE_PORT}",
    }
    gate = (machines.PYTHON, "-m", "localcluster.gate")
    out = ("--listen", f"{CONTROL_ADDRESS}:{EGRESS_PORT}", "--connect-in", HOST_NETWORK)
    return (
        Program("gate", (*gate, *entrances.values()), listen=tuple(f"127.0.0.1:{p}" for p in entrances)),
        Program("egress", (*gate, *out, f"127.0.0.1:{instance.ports.proxy}")),
    )
