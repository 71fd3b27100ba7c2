"""The portal from this working tree, with reload, against the database and the cluster that run already."""

import base64
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from localcluster import api, nodes
from localcluster.errors import ClusterError
from localcluster.install.tree import TREE
from localcluster.install.values import NAMESPACE
from localcluster.instance import Instance
from localcluster.report import Report

PORT = 8090


def run(instance: Instance, report: Report) -> int:
    """Serve until interrupted; gives the exit code. Raises ClusterError if the platform is not up."""
    if not instance.kubeconfig.exists():
        raise ClusterError("There is no cluster yet: `make up` brings it up.")
    with ExitStack() as stack:
        environment = {
            **os.environ,
            **_platform_environment(instance),
            "KUBECONFIG": str(instance.kubeconfig),
        }
        postgres = stack.enter_context(_forwarded(instance, "postgres", 5432))
        redis = stack.enter_context(_forwarded(instance, "redis", 6379))
        environment["DATABASE_URL"] = (
            f"postgresql://madang:{environment['POSTGRES_PASSWORD']}@127.0.0.1:{postgres}/madang"
        )
        environment["REDIS_URL"] = f"redis://:{environment['REDIS_PASSWORD']}@127.0.0.1:{redis}/0"
        # Pages answer by the name of the public address only; browsers take *.localhost for this machine.
        environment["MADANG_PUBLIC_URL"] = f"http://madang.localhost:{_port(instance)}"
        environment["MADANG_INGRESS_PROBE_URL"] = f"http://127.0.0.1:{instance.ports.http}"
        environment["PYTHONPATH"] = os.pathsep.join((str(TREE / "platform"), str(TREE)))
        report(
            f"the portal of this working tree: http://madang.localhost:{_port(instance)}/ (Ctrl-C ends it)"
        )
        try:
            code = subprocess.run(_server(instance), cwd=TREE, env=environment, check=False).returncode
        except KeyboardInterrupt:
            code = 0
    return code


def _server(instance: Instance) -> list[str]:
    rooms = (TREE / "platform", TREE / "deployer")
    reload = [word for room in rooms for word in ("--reload-dir", str(room))]
    address = ["--host", "127.0.0.1", "--port", str(_port(instance))]
    return [sys.executable, "-m", "uvicorn", "portal.asgi:application", "--reload", *reload, *address]


def _port(instance: Instance) -> int:
    return PORT + instance.ports.http - 8000


def _platform_environment(instance: Instance) -> dict[str, str]:
    """What the platform's own pods are given."""
    with api.connect(instance) as server:
        config = server.find(f"/api/v1/namespaces/{NAMESPACE}/configmaps/madang-config")
        secret = server.find(f"/api/v1/namespaces/{NAMESPACE}/secrets/madang-secrets")
    if config is None or secret is None:
        raise ClusterError("Madang is not installed on the cluster yet: `make up` installs it.")
    secrets = {name: base64.b64decode(value).decode() for name, value in secret["data"].items()}
    return {**{k: v for k, v in config["data"].items() if k != "HOME"}, **secrets}


@contextmanager
def _forwarded(instance: Instance, service: str, port: int) -> Iterator[int]:
    """A port of the loopback that leads to the Service; kubectl carries it through the API server."""
    kubectl: Path = nodes.programs_in_use(instance) / "kubectl"
    words = ["-n", NAMESPACE, "port-forward", f"service/{service}", f":{port}"]
    process = subprocess.Popen(
        [str(kubectl), "--kubeconfig", str(instance.kubeconfig), *words], stdout=subprocess.PIPE, text=True
    )
    try:
        line = process.stdout.readline() if process.stdout else ""
        found = re.search(r"127\.0\.0\.1:(\d+)", line)
        if found is None:
            raise ClusterError(
                f"{service} cannot be reached through the API server; is it running? `make status`"
            )
        yield int(found.group(1))
    finally:
        process.terminate()
        process.wait()
