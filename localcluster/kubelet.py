"""A kubelet's configuration: how large its node is, and what else differs from the default."""

import json
import os
from pathlib import Path

from localcluster.instance import CLUSTER_DOMAIN, DNS_ADDRESS, MIB, Capacity, Instance, Node

SYSTEM_CPU = "500m"
# Of a pod; threads count too. All nodes share this machine's process numbers, 32768 on many: an app or build
# that forks without end would take them from every club, and from the kubelets.
POD_PIDS = 1024
STARTUP_TAINT = {"key": "madang.dev/agent-not-ready", "value": "true", "effect": "NoSchedule"}


def configuration(instance: Instance, node: Node, home: Path, containerd_socket: str) -> str:
    """A KubeletConfiguration for the node whose machine has its settings in `home`."""
    # Each kubelet sees the whole computer's memory; reserving what is above the node's size gives the size.
    reserved_mib = max(_computer_memory_mib() - node.memory_bytes // MIB, 0)
    keys = instance.pki
    content = {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(keys / "ca.crt")},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": str(keys / f"node-{node.name}.crt"),
        "tlsPrivateKeyFile": str(keys / f"node-{node.name}.key"),
        "containerRuntimeEndpoint": f"unix://{containerd_socket}",
        "cgroupDriver": "cgroupfs",
        "failCgroupV1": False,
        "enforceNodeAllocatable": ["pods"],
        "systemReserved": {"memory": f"{reserved_mib}Mi", "cpu": SYSTEM_CPU},
        # On cgroup v2 a whole container would die, and the build's last log line with it.
        "singleProcessOOMKill": True,
        "clusterDNS": [str(DNS_ADDRESS)],
        "clusterDomain": CLUSTER_DOMAIN,
        "resolvConf": str(home / "resolv.conf"),
        "volumePluginDir": "/var/lib/kubelet/volume-plugins",
        "makeIPTablesUtilChains": False,
        "failSwapOn": False,
        "serializeImagePulls": False,
        "maxPods": 100,
        "podPidsLimit": POD_PIDS,
        "nodeStatusUpdateFrequency": "5s",
        # What has changed is told at the next update; else it would be all of it each time, to all who watch
        # nodes. That the node lives, its Lease says.
        "nodeStatusReportFrequency": "5m",
        # All of a node's images stand in its status, not only the 50 largest: who pulls ahead looks there.
        "nodeStatusMaxImages": -1,
        "nodeLeaseDurationSeconds": 8,
        "syncFrequency": "10s",
        # What is not named has no threshold, and a pod that writes empty files takes every inode and no room.
        "evictionHard": {
            "memory.available": "100Mi",
            **{
                f"{disk}.{kind}": "2%"
                for disk in ("nodefs", "imagefs")
                for kind in ("available", "inodesFree")
            },
        },
        "seccompDefault": True,
        "registryPullQPS": 0,
        "eventRecordQPS": 0,
    }
    if instance.startup_taint and node.capacity is Capacity.SPOT:
        # Only as the Node is made: one that is there already keeps the taints that it has.
        content["registerWithTaints"] = [STARTUP_TAINT]
    return json.dumps(content, indent=1)


def _computer_memory_mib() -> int:
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // MIB
