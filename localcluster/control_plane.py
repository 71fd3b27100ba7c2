"""Kubernetes' own programs of the control plane: etcd, API server, controllers, scheduler, metrics."""

from pathlib import Path

from localcluster import machines, pki
from localcluster.instance import API_PORT, CLUSTER_DOMAIN, CONTROL_ADDRESS, SERVICE_NETWORK, Instance
from localcluster.program import Program

METRICS_PORT = 4443
ETCD_URL = "http://127.0.0.1:2379"
READY_URL = f"https://{CONTROL_ADDRESS}:{API_PORT}/readyz"


def etcd(instance: Instance, programs: Path) -> Program:
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


def api_server(instance: Instance, programs: Path) -> Program:
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


def controllers(instance: Instance, programs: Path) -> Program:
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


def scheduler(instance: Instance, programs: Path) -> Program:
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


def metrics_server(instance: Instance, programs: Path) -> Program:
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
