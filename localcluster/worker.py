"""A worker's machine: containerd, kubelet, kube-proxy and the agent that enforces NetworkPolicies."""

import json
from functools import cache
from pathlib import Path

from localcluster import built_in, kubelet, machines, network, pause, pki
from localcluster.control_plane import READY_URL
from localcluster.instance import (
    API_PORT,
    CONTROL_ADDRESS,
    MIRROR_PORT,
    POD_NETWORK,
    REGISTRY_SERVICE_ADDRESS,
    Instance,
    Node,
)
from localcluster.machine import MachineSpec
from localcluster.program import Program

NRI_SOCKET = "unix:/run/nri/nri.sock"
CONTAINERD_SOCKET = "/run/containerd/containerd.sock"
AGENT_QUEUE = 98
AGENT_METRICS = "127.0.0.1:9080"
ACCOUNT = "/run/secrets/kubernetes.io/serviceaccount"


def data(instance: Instance, name: str) -> Path:
    """What the node itself keeps on its disk: images, containers, pods' folders, logs. Lost with the node."""
    return instance.state / "nodes" / name


def spec(instance: Instance, node: Node, programs: Path) -> MachineSpec:
    home, disk = machines.home(instance, node.name), data(instance, node.name)
    return MachineSpec(
        name=node.name,
        home=str(home),
        cgroup=machines.cgroup(instance, node.name),
        files={
            "containerd.toml": _containerd(home, disk, programs),
            "certs.d/docker.io/hosts.toml": _hosts(f"{CONTROL_ADDRESS}:{MIRROR_PORT}"),
            "certs.d/registry.local/hosts.toml": _hosts(f"{REGISTRY_SERVICE_ADDRESS}:5000"),
            "net.d/10-cluster.conflist": _cni(node),
            "resolv.conf": f"nameserver {CONTROL_ADDRESS}\n",
            "kubelet.json": kubelet.configuration(instance, node, home, CONTAINERD_SOCKET),
            "proxy.json": _proxy_configuration(instance, node),
        },
        programs=_programs(instance, node, home, programs),
        binds=(
            *((str(disk / path.strip("/").replace("/", "-")), path) for path in built_in.PATHS),
            (str(pki.policy_agent_account(instance)), ACCOUNT),
        ),
        sysctls=network.NODE_SYSCTLS,
    )


def _programs(instance: Instance, node: Node, home: Path, programs: Path) -> tuple[Program, ...]:
    path = {"PATH": f"{programs}:{machines.SEARCH_PATH}"}
    containerd = (str(programs / "containerd"), f"--config={home / 'containerd.toml'}", "--log-level=warn")
    kubelet = (
        str(programs / "kubelet"),
        f"--config={home / 'kubelet.json'}",
        f"--kubeconfig={pki.inside_kubeconfig(instance, f'node-{node.name}')}",
        f"--hostname-override={node.name}",
        f"--node-ip={node.address}",
        f"--node-labels={','.join(f'{k}={v}' for k, v in node.labels.items())}",
    )
    agent = (
        str(programs / "kube-network-policies"),
        f"--hostname-override={node.name}",
        f"--nfqueue-id={AGENT_QUEUE}",
        # Without this it looks only at packets of pods whose address the API server has published already: a
        # new pod that connects at once was free.
        "--baseline-admin-network-policy=true",
        # The remedy for kernels before 6.12 would accept all UDP to port 53, to anywhere.
        "--netfilter-bug-1766-fix=false",
        f"--metrics-bind-address={AGENT_METRICS}",
    )
    agent_environment = {
        "KUBERNETES_SERVICE_HOST": str(CONTROL_ADDRESS),
        "KUBERNETES_SERVICE_PORT": str(API_PORT),
        "KNP_XT_NFQUEUE": "0" if _native_queue() else "1",
    }
    return (
        Program("containerd", containerd, path),
        # It looks for the NRI socket once, at its start. Through NRI it learns a pod's address before
        # the pod's first process runs; without, a new pod was free for up to 0.9 s (measured).
        Program(
            "policy-agent",
            agent,
            agent_environment,
            wait_for=(NRI_SOCKET, READY_URL),
            alive=f"http://{AGENT_METRICS}/metrics",
            restart_with=("containerd",),
        ),
        # Not before the agent takes packets: no pod here, new or kept over a stop, runs without its walls.
        Program("kubelet", kubelet, path, wait_for=(f"queue:{AGENT_QUEUE}",)),
        Program(
            "kube-proxy",
            (str(programs / "kube-proxy"), f"--config={home / 'proxy.json'}"),
            path,
            wait_for=(READY_URL,),
        ),
    )


@cache
def _native_queue() -> bool:
    return network.has_native_queue()


def _containerd(home: Path, disk: Path, programs: Path) -> str:
    return f"""version = 3
root = "{disk}/containerd"
state = "/run/containerd"
disabled_plugins = ["io.containerd.snapshotter.v1.blockfile", "io.containerd.snapshotter.v1.erofs"]
[grpc]
  address = "{CONTAINERD_SOCKET}"
[plugins."io.containerd.cri.v1.images"]
  snapshotter = "overlayfs"
  [plugins."io.containerd.cri.v1.images".pinned_images]
    sandbox = "{pause.IMAGE}"
  [plugins."io.containerd.cri.v1.images".registry]
    config_path = "{home}/certs.d"
[plugins."io.containerd.cri.v1.runtime"]
  # Root without CAP_SYS_RESOURCE, as in many virtual machines, may not lower a score: no sandbox would start.
  restrict_oom_score_adj = true
  [plugins."io.containerd.cri.v1.runtime".cni]
    bin_dirs = ["{programs}"]
    conf_dir = "{home}/net.d"
    use_internal_loopback = true
  [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
      BinaryName = "{programs}/runc"
      # The systemd driver would talk to the host's systemd, which a machine with its own /run cannot reach.
      SystemdCgroup = false
"""


def _hosts(address: str) -> str:
    """`server` too is ours, so that a missing image fails at once and nothing asks the internet."""
    return f'server = "http://{address}"\n[host."http://{address}"]\n  capabilities = ["pull", "resolve"]\n'


def _cni(node: Node) -> str:
    # ptp routes all traffic of pods: no bridge between them, every packet passes the node's firewall hooks.
    ipam = {
        "type": "host-local",
        "ranges": [[{"subnet": str(node.pod_network)}]],
        "routes": [{"dst": "0.0.0.0/0"}],
    }
    plugins = [
        {"type": "ptp", "ipMasq": False, "ipam": ipam},
        {"type": "portmap", "capabilities": {"portMappings": True}, "backend": "nftables"},
    ]
    return json.dumps({"cniVersion": "1.0.0", "name": "cluster", "plugins": plugins}, indent=1)


def _proxy_configuration(instance: Instance, node: Node) -> str:
    configuration = {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "nftables",
        "clientConnection": {"kubeconfig": str(pki.inside_kubeconfig(instance, "proxy"))},
        "hostnameOverride": node.name,
        "clusterCIDR": str(POD_NETWORK),
        "detectLocalMode": "ClusterCIDR",
        # These sysctls are read-only in a network namespace of one's own; it would end.
        "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
        "nftables": {"minSyncPeriod": "100ms", "syncPeriod": "30s"},
    }
    return json.dumps(configuration, indent=1)
