"""python -m localcluster.cloud: the stand-in cloud's daemon. `make up` starts it."""

import argparse
import asyncio
import logging
import sys

from localcluster import cgroups, machines
from localcluster.cloud.daemon import cloud_folder, serve_until_signalled
from localcluster.cloud.machines import InstanceMachines
from localcluster.cloud.process import NAME
from localcluster.errors import ClusterError
from localcluster.instance import Instance
from localcluster.lock import held
from localcluster.machine import record_process


def main() -> None:
    argparse.ArgumentParser(
        prog="python -m localcluster.cloud",
        description="The stand-in cloud of the embedded cluster that MADANG_INSTANCE names: instance ids, "
        "metadata services inside the nodes, reclaims, replacements. Runs until SIGTERM; "
        "`make up` starts it.",
    ).parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        instance = Instance.from_environment()
        with held(cloud_folder(instance) / "lock", waiting=_refuse_a_second):
            cgroups.enter(machines.cgroup(instance, NAME))
            home = machines.home(instance, NAME)
            home.mkdir(parents=True, exist_ok=True)
            record_process(home)
            asyncio.run(serve_until_signalled(instance, InstanceMachines(instance)))
    except ClusterError as problem:
        sys.exit(str(problem))


def _refuse_a_second() -> None:
    raise ClusterError("Another stand-in cloud of this instance runs already. There is nothing to do.")


if __name__ == "__main__":
    main()
