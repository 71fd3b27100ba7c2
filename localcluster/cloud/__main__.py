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
from localcluster.cloud.spans import LONGEST_NOTICE_SECONDS, LONGEST_PLAN_SECONDS, seconds
from localcluster.errors import ClusterError
from localcluster.instance import Instance
from localcluster.lock import held
from localcluster.machine import record_process
from localcluster.readers import may_leave
from localcluster.report import Progress
from localcluster.root import need_root
from localcluster.threads import INTERRUPTED

EPILOG = """\
a drill of each notice that a spot node may get, from the least to the last:
  rebalance spot-1               its risk is elevated; nothing follows by itself
  maintenance spot-1 --in 1800   a reboot in half an hour
  put-off spot-1 --in 7200       ... which comes in two hours instead
  cancel spot-1                  ... or never, with all else that is announced
  reclaim spot-1 --notice 120    the node goes in two minutes, and another takes its place
each said again changes nothing, but a date that comes nearer, or with put-off later.
"""


def main(argv: Sequence[str] | None = None) -> None:
    arguments = parser().parse_args(argv)
    run: Callable[[Instance, argparse.Namespace], None] = arguments.run
    try:
        need_root()
        run(Instance.from_environment(), arguments)
    except ClusterError as problem:
        sys.exit(str(problem))
    except KeyboardInterrupt:
        print(client.STOPPED_LOOKING.format(node=getattr(arguments, "node", "NODE")), file=sys.stderr)
        sys.exit(INTERRUPTED)


def parser() -> argparse.ArgumentParser:
    root = argparse.ArgumentParser(
        prog=".venv/bin/python -m localcluster.cloud",
        description="The stand-in cloud of the embedded cluster that MADANG_INSTANCE names: instance ids, "
        "metadata services inside the nodes, notices, kills, replacements.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = root.add_subparsers(required=True, metavar="COMMAND")

    commands.add_parser("serve", help="be the daemon, until SIGTERM; `make up` starts it").set_defaults(
        run=_serve
    )
    commands.add_parser("instances", help="what is in each node's place").set_defaults(run=_instances)

    notice = seconds(LONGEST_NOTICE_SECONDS)
    reclaim = _for_node(commands, "reclaim", "the spot market takes a spot node back", _reclaim)
    reclaim.add_argument("--notice", type=notice, default=120, metavar="SECONDS", help="warning time (120)")
    reclaim.add_argument("--action", choices=[each.value for each in Action], default=Action.TERMINATE.value)
    reclaim.add_argument("--no-wait", action="store_true", help="announce it and return")

    terminate = _for_node(commands, "terminate", "the Auto Scaling group takes out any node", _terminate)
    terminate.add_argument("--notice", type=notice, default=0, metavar="SECONDS", help="time of its hook (0)")
    terminate.add_argument("--no-wait", action="store_true", help="announce it and return")

    _for_node(commands, "rebalance", "recommend a rebalance; nothing follows by itself", _rebalance)

    codes = [each.value for each in EventCode]
    maintain = _for_node(commands, "maintenance", "schedule a reboot, stop or retirement", _maintain)
    maintain.add_argument("--code", choices=codes, default=EventCode.SYSTEM_REBOOT.value)
    put_off = _for_node(commands, "put-off", "give what is scheduled a later date", _put_off)
    put_off.add_argument("--code", choices=codes, help="which, where several events are scheduled")
    for command in (maintain, put_off):
        command.add_argument(
            "--in",
            dest="in_seconds",
            type=seconds(LONGEST_PLAN_SECONDS),
            default=86_400,
            metavar="SECONDS",
            help="when it comes, from now on (86400, a day)",
        )

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
    action = Action(arguments.action)
    leaving = client.request_reclaim(instance, arguments.node, arguments.notice, action)
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
    code = EventCode(arguments.code)
    print(client.describe(client.request_maintenance(instance, arguments.node, code, arguments.in_seconds)))


def _put_off(instance: Instance, arguments: argparse.Namespace) -> None:
    code = EventCode(arguments.code) if arguments.code else None
    print(client.describe(client.request_put_off(instance, arguments.node, arguments.in_seconds, code)))


def _cancel(instance: Instance, arguments: argparse.Namespace) -> None:
    print(client.describe(client.cancel(instance, arguments.node)))


if __name__ == "__main__":
    with may_leave():
        main()
