"""Certificates, tokens and kubeconfigs of one instance: made once, kept, made again where missing."""

import base64
import json
import secrets
from pathlib import Path

from localcluster.authority import Authority, ensure_key, write_whole
from localcluster.instance import API_PORT, CLUSTER_DOMAIN, CONTROL_ADDRESS, SERVICE_NETWORK, Instance, Node

POLICY_AGENT_USER = "system:kube-network-policies"


def ensure(instance: Instance) -> None:
    """Everything that the control plane, the nodes and the administrator need."""
    ca = Authority(instance.pki, f"{instance.name} cluster")
    service_names = ["kubernetes", "kubernetes.default", "kubernetes.default.svc"]
    service_names += [f"kubernetes.default.svc.{CLUSTER_DOMAIN}", "localhost"]
    addresses = [str(SERVICE_NETWORK[1]), str(CONTROL_ADDRESS), "127.0.0.1"]
    ca.issue("apiserver", "kube-apiserver", names=service_names, addresses=addresses)
    ca.issue("apiserver-kubelet", "kube-apiserver-kubelet-client", ["system:masters"])
    metrics_names = ["metrics-server.kube-system.svc"]
    ca.issue("metrics-server", "system:metrics-server", names=metrics_names)
    ca.issue("admin", "admin", ["system:masters"])
    for stem, user in (
        ("controllers", "system:kube-controller-manager"),
        ("scheduler", "system:kube-scheduler"),
        ("proxy", "system:kube-proxy"),
        ("coredns", "system:coredns"),
    ):
        ca.issue(stem, user)
        _write_kubeconfig(instance, inside_kubeconfig(instance, stem), stem, inside_url())
    _write_kubeconfig(instance, inside_kubeconfig(instance, "metrics-server"), "metrics-server", inside_url())
    _write_kubeconfig(instance, instance.kubeconfig, "admin", instance.api_url)
    front = Authority(instance.pki / "front", f"{instance.name} aggregation")
    front.issue("client", "front-proxy-client")
    ensure_key(instance.pki / "sa.key", instance.pki / "sa.pub")
    _ensure_policy_agent_token(instance)


def ensure_node(instance: Instance, node: Node) -> None:
    """The kubelet's certificate, for serving and for asking, and its kubeconfig."""
    stem = f"node-{node.name}"
    user = f"system:node:{node.name}"
    ca = Authority(instance.pki, f"{instance.name} cluster")
    ca.issue(stem, user, ["system:nodes"], [node.name], [str(node.address)])
    _write_kubeconfig(instance, inside_kubeconfig(instance, stem), stem, inside_url())


def authority(instance: Instance) -> str:
    """The cluster's authority, as Kubernetes' objects and kubeconfigs carry it (PEM in base64)."""
    return base64.b64encode((instance.pki / "ca.crt").read_bytes()).decode()


def inside_url() -> str:
    return f"https://{CONTROL_ADDRESS}:{API_PORT}"


def inside_kubeconfig(instance: Instance, stem: str) -> Path:
    """The kubeconfig of a program inside the cluster's network."""
    return instance.pki / f"{stem}.kubeconfig"


def policy_agent_account(instance: Instance) -> Path:
    """A folder like that of a mounted service account: the policy agent knows no other configuration."""
    return instance.pki / "policy-agent"


def static_tokens(instance: Instance) -> Path:
    return instance.pki / "tokens.csv"


def _write_kubeconfig(instance: Instance, path: Path, stem: str, server: str) -> None:
    """A kubeconfig that names its certificate and key by absolute path; the authority is contained."""
    name = instance.name
    user = {
        "client-certificate": str(instance.pki / f"{stem}.crt"),
        "client-key": str(instance.pki / f"{stem}.key"),
    }
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "clusters": [
            {"name": name, "cluster": {"server": server, "certificate-authority-data": authority(instance)}}
        ],
        "users": [{"name": stem, "user": user}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": stem}}],
    }
    write_whole(path, json.dumps(content, indent=1).encode())  # JSON is YAML


def _ensure_policy_agent_token(instance: Instance) -> None:
    folder = policy_agent_account(instance)
    folder.mkdir(exist_ok=True)
    if not (folder / "token").exists():
        write_whole(folder / "token", secrets.token_urlsafe(32).encode())
    write_whole(folder / "ca.crt", (instance.pki / "ca.crt").read_bytes())
    write_whole(folder / "namespace", b"kube-system")
    token = (folder / "token").read_text()
    write_whole(static_tokens(instance), f"{token},{POLICY_AGENT_USER},kube-network-policies\n".encode())
