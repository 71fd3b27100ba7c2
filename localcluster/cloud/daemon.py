"""The stand-in cloud's daemon: a keeper for each node, and the control socket."""

import asyncio
import logging
import signal
from pathlib import Path

from localcluster.cloud.cluster import Cluster
from localcluster.cloud.control import control_application, listen_for_orders
from localcluster.cloud.door import door_application, kept_token, listen_at_the_door
from localcluster.cloud.keeper import Keeper
from localcluster.cloud.machines import Machines
from localcluster.cloud.serving import Served
from localcluster.cloud.store import Store
from localcluster.instance import Instance

log = logging.getLogger("cloud")


async def serve(instance: Instance, machines: Machines, stop: asyncio.Event) -> None:
    """Keep the nodes of `instance` until `stop`; the records stay on the disk for the next daemon."""
    folder = cloud_folder(instance)
    store, cluster = Store(folder), Cluster(instance)
    keepers = {
        node.name: Keeper(node, store, machines, cluster, instance.replacement_delay_seconds)
        for node in instance.nodes
    }
    tasks = [asyncio.create_task(keeper.run(), name=name) for name, keeper in keepers.items()]
    control = Served(control_application(keepers), listen_for_orders(folder))
    secrets = instance.state / "secrets.json"
    door = Served(
        door_application(keepers, lambda: kept_token(secrets)), listen_at_the_door(instance.ports.drill)
    )
    log.info("the stand-in cloud of %s keeps %d nodes", instance.name, len(keepers))
    await stop.wait()
    await control.stop()
    await door.stop()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await cluster.close()


async def serve_until_signalled(instance: Instance, machines: Machines) -> None:
    """`serve` until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await serve(instance, machines, stop)


def cloud_folder(instance: Instance) -> Path:
    """Where the daemon keeps its records and its control socket."""
    return instance.state / "cloud"
