"""The daemon as a process of the host: `up` starts it, its record and its cgroup find it, `down` ends it."""

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

from localcluster import cgroups, machines
from localcluster.cloud.client import CloudSilent, instances
from localcluster.errors import ClusterError
from localcluster.instance import Instance

NAME = "cloud"
START_SECONDS = 30.0
STARTED_AS_FILE = "started-as"


def ensure_running(instance: Instance) -> None:
    """Have the daemon run, of this very code and for these nodes; returns when it takes orders.

    Raises ClusterError.
    """
    started_as = machines.home(instance, NAME) / STARTED_AS_FILE
    if not started_as.exists() or started_as.read_text() != _version(instance):
        stop(instance)
    started: subprocess.Popen[bytes] | None = None
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            instances(instance)
        except CloudSilent as silence:
            if started is None and machines.pid(instance, NAME) is None:
                machines.kill(instance, NAME)  # what is left of one that died
                started = _start(instance)
            if time.monotonic() > deadline or (started and started.poll() is not None):
                raise ClusterError(_last_words(instance)) from silence
            time.sleep(0.05)
        else:
            return


def stop(instance: Instance) -> None:
    """End the daemon at once. The next one goes on with what was announced, if the nodes still run."""
    machines.kill(instance, NAME)


def _version(instance: Instance) -> str:
    """Names the code of the embedded cluster as it lies on the disk now, and the cluster that it is for.

    A daemon that was started before the cluster grew would know nothing of the nodes that are new.
    """
    digest = hashlib.sha256(repr(instance).encode())
    for path in sorted(Path(__file__).parents[1].rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def log_file(instance: Instance) -> Path:
    return machines.home(instance, NAME) / "cloud.log"


def _start(instance: Instance) -> subprocess.Popen[bytes]:
    home = machines.home(instance, NAME)
    home.mkdir(parents=True, exist_ok=True)
    (home / STARTED_AS_FILE).write_text(_version(instance))
    command = [sys.executable, "-m", "localcluster.cloud", "serve"]
    if cgroups.needs_scope():
        unit = cgroups.scope_name(instance.name, NAME)
        options = ["--scope", "--quiet", "--collect", "--slice=system.slice", f"--unit={unit}"]
        command = ["systemd-run", *options, "--", *command]
    with log_file(instance).open("ab") as log:
        # It starts nodes too, and they are to be as the others.
        taint = {"MADANG_STARTUP_TAINT": str(instance.startup_taint).lower()}
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            start_new_session=True,
            env={**os.environ, **taint, "PYTHONPATH": str(Path(__file__).parents[2])},
        )


def _last_words(instance: Instance) -> str:
    lines = log_file(instance).read_text(errors="replace").strip().splitlines()
    return (
        f"The stand-in cloud did not start: {lines[-1] if lines else 'it said nothing'}\n"
        f"The whole of it stands in {log_file(instance)}."
    )
