"""A real Kubernetes API server (etcd, kube-apiserver, its controllers) on loopback, without kubelets."""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.integration.mortal import start_mortal
from tests.integration.redis_server import free_port

TOKEN = "integration-tests"
START_SECONDS = 600.0
_PREFIX = "madang-api-"
# Half as many rounds of Go's garbage collector: memory there is, processors are shared with many.
SPARING = {"GOGC": "200"}
# Of a control plane with a scheduler: its pace must not be what a test measures.
UNHURRIED = ("--kube-api-qps=500", "--kube-api-burst=1000")
ENDPOINTS = "endpointslice-controller"
# Nobody answers for a test's nodes, if they are there at all: no heartbeat is missed, and no pod that a test
# has bound is taken away in the middle of it.
UNATTENDED = ("-node-lifecycle-controller", "-pod-garbage-collector-controller")


def programs() -> Path:
    """The folder of the cluster's compiled programs; raises with what to do when there is none."""
    if given := os.environ.get("MADANG_PROGRAMS"):
        folders = [Path(given)]
    else:
        cache = Path(os.environ.get("MADANG_CACHE") or Path.home() / ".cache/madang")
        stores = cache.glob("programs/*/bin")
        folders = sorted(stores, key=lambda folder: folder.stat().st_mtime, reverse=True)
    for folder in folders:
        if all((folder / name).exists() for name in ("etcd", "kube-apiserver", "kube-controller-manager")):
            return folder
    raise RuntimeError(
        "these tests need etcd, kube-apiserver and kube-controller-manager: run `make up` once "
        "(it compiles them into the cache), or set MADANG_PROGRAMS to their folder"
    )


@dataclass(frozen=True)
class ControlPlane:
    """`kubeconfig` has all rights; `processes` by program, or by the one controller that runs apart."""

    kubeconfig: Path
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)


@contextmanager
def running_api_server(*more: str) -> Iterator[Path]:
    """A kubeconfig with all rights. Jobs and Deployments make pods, quotas are counted; no pod ever runs.

    `more` are flags of the API server.
    """
    with running_control_plane(*more) as plane:
        yield plane.kubeconfig


@contextmanager
def running_control_plane(*more: str, scheduler: bool = False) -> Iterator[ControlPlane]:
    """With `scheduler`, pods are bound to Nodes that a test makes and answers for.

    Such Nodes have no heartbeat, so nobody marks them lost; and the EndpointSlices have a process of their
    own, which a test may stop for a while.
    """
    binaries = programs()
    _clear_killed_runs()
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
    etcd_port, peer_port, api_port = (free_port() for _ in range(3))
    processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(program: str, arguments: Sequence[str], name: str = "") -> None:
        with (folder / f"{name or program}.log").open("wb") as log:
            processes[name or program] = start_mortal(
                [binaries / program, *arguments],
                environment={**os.environ, **SPARING},
                log=log,
                folder=folder,
            )

    try:
        kubeconfig = _write_files(folder, api_port)
        start("etcd", _etcd_arguments(folder, etcd_port, peer_port))
        # The API server gives up if it is not there within 20 s, as the controllers do without an API server.
        _wait_ready(f"http://127.0.0.1:{etcd_port}/health", folder, list(processes.values()))
        start("kube-apiserver", [*_api_arguments(folder, etcd_port, api_port), *more])
        _wait_ready(f"https://127.0.0.1:{api_port}/readyz", folder, list(processes.values()))
        controllers = _controller_arguments(folder, kubeconfig)
        if not scheduler:
            start("kube-controller-manager", [*controllers, f"--controllers={','.join(['*', *UNATTENDED])}"])
        else:
            rest = f"--controllers=*,-{ENDPOINTS},-node-lifecycle-controller"
            start("kube-controller-manager", [*controllers, *UNHURRIED, rest])
            alone = [*controllers, *UNHURRIED, f"--controllers={ENDPOINTS}"]
            start("kube-controller-manager", alone, ENDPOINTS)
            start("kube-scheduler", _scheduler_arguments(kubeconfig))
        yield ControlPlane(kubeconfig, processes)
    finally:
        for process in reversed(processes.values()):
            process.kill()
        for process in processes.values():
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _clear_killed_runs() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*-*"):
        if not Path("/proc", folder.name.removeprefix(_PREFIX).partition("-")[0]).exists():
            shutil.rmtree(folder, ignore_errors=True)


def _write_files(folder: Path, port: int) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    private = serialization.PrivateFormat.PKCS8
    (folder / "sa.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, private, serialization.NoEncryption())
    )
    public = serialization.PublicFormat.SubjectPublicKeyInfo
    (folder / "sa.pub").write_bytes(key.public_key().public_bytes(serialization.Encoding.PEM, public))
    (folder / "tokens.csv").write_text(f'{TOKEN},tests,tests,"system:masters"\n')
    cluster = {"server": f"https://127.0.0.1:{port}", "insecure-skip-tls-verify": True}
    kubeconfig = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "tests", "cluster": cluster}],
        "users": [{"name": "tests", "user": {"token": TOKEN}}],
        "contexts": [{"name": "tests", "context": {"cluster": "tests", "user": "tests"}}],
        "current-context": "tests",
    }
    path = folder / "kubeconfig"
    path.write_text(yaml.safe_dump(kubeconfig))
    return path


def _etcd_arguments(folder: Path, port: int, peer_port: int) -> list[str]:
    client, peer = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{peer_port}"
    return [
        f"--data-dir={folder / 'etcd'}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
        # Nothing of a test outlives its machine.
        "--unsafe-no-fsync",
        "--log-level=warn",
    ]


def _api_arguments(folder: Path, etcd_port: int, port: int) -> list[str]:
    return [
        f"--etcd-servers=http://127.0.0.1:{etcd_port}",
        "--bind-address=127.0.0.1",
        f"--secure-port={port}",
        f"--cert-dir={folder / 'certificates'}",
        f"--token-auth-file={folder / 'tokens.csv'}",
        "--authorization-mode=RBAC",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={folder / 'sa.pub'}",
        f"--service-account-signing-key-file={folder / 'sa.key'}",
        "--service-cluster-ip-range=10.96.0.0/16",
    ]


def _controller_arguments(folder: Path, kubeconfig: Path) -> list[str]:
    return [
        f"--kubeconfig={kubeconfig}",
        "--bind-address=127.0.0.1",
        "--secure-port=0",
        "--leader-elect=false",
        f"--service-account-private-key-file={folder / 'sa.key'}",
        "--flex-volume-plugin-dir=" + str(folder / "flex"),
    ]


def _scheduler_arguments(kubeconfig: Path) -> list[str]:
    return [f"--kubeconfig={kubeconfig}", "--secure-port=0", "--leader-elect=false", *UNHURRIED]


def _wait_ready(url: str, folder: Path, processes: Sequence[subprocess.Popen[bytes]]) -> None:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    deadline = time.monotonic() + START_SECONDS
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {TOKEN}"})
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
    )
    while True:
        try:
            with opener.open(request, timeout=60) as answer:
                if answer.status == 200:
                    return
        except OSError:
            pass
        dead = [process.args for process in processes if process.poll() is not None]
        if dead or time.monotonic() > deadline:
            logs = "\n".join(path.read_text(errors="replace")[-2000:] for path in folder.glob("*.log"))
            raise RuntimeError(f"{url} does not answer ({dead or 'nothing is heard'}):\n{logs}")
        time.sleep(0.1)
