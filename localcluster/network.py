"""The wires: a bridge in the control plane's network, a pair of interfaces a node, routes between pods.

All of it lives in the machines' own network namespaces and goes with them.
"""

import subprocess

from localcluster.errors import ClusterError
from localcluster.instance import (
    CONTROL_ADDRESS,
    MAX_INDEX,
    NODE_NETWORK,
    POD_NETWORK,
    Node,
    node_address,
    pod_network,
)

BRIDGE = "br0"

CONTROL_SYSCTLS = (
    ("net.ipv4.ip_forward", "1"),
    # What crosses the bridge between two nodes is no business of a firewall.
    ("net.bridge.bridge-nf-call-arptables", "0"),
    ("net.bridge.bridge-nf-call-ip6tables", "0"),
    ("net.bridge.bridge-nf-call-iptables", "0"),
)
NODE_SYSCTLS = (("net.ipv4.ip_forward", "1"),)

# NetworkPolicies are enforced where packets are forwarded; what a pod sends to its own node is not.
# No pod has business with a kubelet, so none reaches one, nor any other port of a node.
_NODE_WALL = (
    "add table inet madang; "
    "add chain inet madang input { type filter hook input priority filter; policy accept; }; "
    f"add rule inet madang input ip saddr {POD_NETWORK} meta l4proto tcp ct state new drop"
)


def wire_control(pid: int) -> None:
    """Make the bridge in the machine with this PID."""
    _ip(
        pid,
        [
            "link set lo up",
            f"link add {BRIDGE} type bridge",
            f"addr add {CONTROL_ADDRESS}/{NODE_NETWORK.prefixlen} dev {BRIDGE}",
            f"link set {BRIDGE} up",
            *(f"route add {pod_network(i)} via {node_address(i)}" for i in range(1, MAX_INDEX + 1)),
        ],
    )


def wire_node(control: int, pid: int, node: Node) -> None:
    """Join the node's machine to the bridge in the control plane's machine; both given by PID."""
    unplug(control, node)
    # The hardware address is fixed: a node that comes back fresh would else be unreachable until its
    # neighbours' ARP entries expire (498 of 1500 requests were lost so, measured).
    _ip(
        control,
        [
            f"link add {node.name} type veth peer name eth0 address {node.hardware_address} netns {pid}",
            f"link set {node.name} master {BRIDGE} up",
        ],
    )
    _ip(
        pid,
        [
            "link set lo up",
            f"addr add {node.address}/{NODE_NETWORK.prefixlen} dev eth0",
            "link set eth0 up",
            f"route add default via {CONTROL_ADDRESS}",
            *(
                f"route add {pod_network(i)} via {node_address(i)}"
                for i in range(1, MAX_INDEX + 1)
                if i != node.index
            ),
        ],
    )
    _in_network_of(pid, "nft", _NODE_WALL)


def unplug(control: int, node: Node) -> None:
    """Pull the node's wire, if there is one."""
    command = ["nsenter", "-t", str(control), "-n", "ip", "link", "del", node.name]
    subprocess.run(command, stderr=subprocess.DEVNULL, check=False)


def has_native_queue() -> bool:
    """Can this kernel's nf_tables hand packets to a program by itself (CONFIG_NFT_QUEUE)?

    Asked in a network of its own that vanishes at once. Without it the policy agent goes by xt_NFQUEUE.
    """
    rules = "add table inet t; add chain inet t c; add rule inet t c queue num 5"
    return subprocess.run(["unshare", "-n", "nft", rules], capture_output=True, check=False).returncode == 0


def _ip(pid: int, lines: list[str]) -> None:
    _in_network_of(pid, "ip", "-batch", "-", text="\n".join(lines) + "\n")


def _in_network_of(pid: int, *words: str, text: str = "") -> None:
    command = ["nsenter", "-t", str(pid), "-n", *words]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ClusterError(f"`{words[0]}` could not wire the machine with PID {pid}: {done.stderr.strip()}")
