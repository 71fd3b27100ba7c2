"""python -m localcluster.cloud: the stand-in cloud's daemon, and orders to it."""

import argparse
import asyncio
import logging
import sys
from collections.abc import Callable, Sequence

from localcluster import cgroups, machines
from localcluster.cloud import client
from localcluster.cloud.daemon import cloud_folder, serve_until_signalled
from localcluster.cloud.machines import InstanceMachines
from localcluster.cloud.process import NAME
from localcluster.cloud.record import Action, CloudInstance, EventCode
from localcluster.errors import ClusterError
from localcluster.instance import Instance
from localcluster.lock import held
from localcluster.machine import record_process
from localcluster.readers import may_leave
from localcluster.report import Progress


def main(argv: Sequence[str] | None = None) -> None:
    arguments = parser().parse_args(argv)
    run: Callable[[Instance, argparse.Namespace], None] = arguments.run
    try:
        run(Instance.from_environment(), arguments)
    except ClusterError as problem:
        sys.exit(str(problem))
    except KeyboardInterrupt:
        sys.exit("Stopped looking. What was announced goes on; `cancel NODE` calls it off.")


def parser() -> argparse.ArgumentParser:
    root = argparse.ArgumentParser(
        prog="python -m localcluster.cloud",
        description="The stand-in cloud of the embedded cluster that MADANG_INSTANCE names: instance ids, "
        "metadata services inside the nodes, notices, kills, replacements.",
    )
    commands = root.add_subparsers(required=True, metavar="COMMAND")

    commands.add_parser("serve", help="be the daemon, until SIGTERM; `make up` starts it").set_defaults(
        run=_serve
    )
    commands.add_parser("instances", help="what is in each node's place").set_defaults(run=_instances)

    reclaim = _for_node(commands, "reclaim", "the spot market takes a spot node back", _reclaim)
    reclaim.add_argument("--notice", type=float, default=120, metavar="SECONDS", help="warning time (120)")
    reclaim.add_argument("--action", type=Action, choices=list(Action), default=Action.TERMINATE)
    reclaim.add_argument("--no-wait", action="store_true", help="announce it and return")

    terminate = _for_node(commands, "terminate", "the Auto Scaling group takes out any node", _terminate)
    terminate.add_argument("--notice", type=float, default=0, metavar="SECONDS", help="time of its hook (0)")
    terminate.add_argument("--no-wait", action="store_true", help="announce it and return")

    _for_node(commands, "rebalance", "recommend a rebalance; nothing follows by itself", _rebalance)

    maintain = _for_node(commands, "maintenance", "schedule a reboot, stop or retirement", _maintain)
    maintain.add_argument("--code", type=EventCode, choices=list(EventCode), default=EventCode.SYSTEM_REBOOT)
    maintain.add_argument("--in", dest="in_seconds", type=float, default=86_400, metavar="SECONDS")

    _for_node(commands, "cancel", "call off all that is announced for a node", _cancel)
    return root


def _for_node(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    what: str,
    run: Callable[[Instance, argparse.Namespace], None],
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=what, description=what)
    command.add_argument("node", metavar="NODE")
    command.set_defaults(run=run)
    return command


def _serve(instance: Instance, arguments: argparse.Namespace) -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for noisy in ("httpx", "uvicorn.error"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    with held(cloud_folder(instance) / "lock", waiting=_refuse_a_second):
        cgroups.enter(machines.cgroup(instance, NAME))
        home = machines.home(instance, NAME)
        home.mkdir(parents=True, exist_ok=True)
        record_process(home)
        asyncio.run(serve_until_signalled(instance, InstanceMachines(instance)))


def _refuse_a_second() -> None:
    raise ClusterError("Another stand-in cloud of this instance runs already. There is nothing to do.")


def _instances(instance: Instance, arguments: argparse.Namespace) -> None:
    for each in client.instances(instance):
        print(client.describe(each))


def _reclaim(instance: Instance, arguments: argparse.Namespace) -> None:
    leaving = client.request_reclaim(instance, arguments.node, arguments.notice, arguments.action)
    _follow(instance, leaving, arguments)


def _terminate(instance: Instance, arguments: argparse.Namespace) -> None:
    _follow(instance, client.request_termination(instance, arguments.node, arguments.notice), arguments)


def _follow(instance: Instance, leaving: CloudInstance, arguments: argparse.Namespace) -> None:
    if arguments.no_wait:
        print(client.describe(leaving))
    else:
        client.follow_replacement(instance, leaving, Progress())


def _rebalance(instance: Instance, arguments: argparse.Namespace) -> None:
    print(client.describe(client.request_rebalance(instance, arguments.node)))


def _maintain(instance: Instance, arguments: argparse.Namespace) -> None:
    changed = client.request_maintenance(instance, arguments.node, arguments.code, arguments.in_seconds)
    print(client.describe(changed))


def _cancel(instance: Instance, arguments: argparse.Namespace) -> None:
    print(client.describe(client.cancel(instance, arguments.node)))


if __name__ == "__main__":
    with may_leave():
        main()
