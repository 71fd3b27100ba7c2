"""python -m localcluster: a real Kubernetes of several nodes on this computer, and Madang on it."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from localcluster import lifecycle, logs, nodes, preflight
from localcluster.cloud.spans import LONGEST_NOTICE_SECONDS, seconds
from localcluster.errors import ClusterError
from localcluster.instance import Instance
from localcluster.readers import become, may_leave
from localcluster.report import Progress
from localcluster.root import need_root
from localcluster.threads import INTERRUPTED

BACKUPS = Path("/var/backups")

EPILOG = """\
settings (environment):
  MADANG_INSTANCE      name of the cluster, so that several may stand side by side (madang)
  MADANG_STATE         its data: etcd, volumes, images of nodes (/var/lib/<name>)
  MADANG_CACHE         what was compiled and made; may be deleted while all is down (~/.cache/madang)
  MADANG_PORT_OFFSET   added to the ports 8000 (visitors), 6443 (API), 5000 (mirror), 3128 (proxy),
                       3129 (drills) (0)
  MADANG_SPOT_NODES    number of spot nodes, at least 1 (3); MADANG_ONDEMAND_NODES (1)
  MADANG_NODE_MEMORY_MIB          how much memory pods of a node may use (3072)
  MADANG_REPLACEMENT_DELAY_SECONDS  until the stand-in cloud supplies a new node for a lost one (20)
  MADANG_STARTUP_TAINT false: spot nodes take pods before Madang's agent reads their notices (true)
  MADANG_PROGRAMS      a folder of compiled programs to use instead of compiling

every other notice of the stand-in cloud (rebalance, maintenance, put off, called off):
  .venv/bin/python -m localcluster.cloud --help
"""


def main(argv: Sequence[str] | None = None) -> int:
    arguments = parser().parse_args(argv)
    run: Callable[[Instance, argparse.Namespace], int] = arguments.run
    try:
        return run(Instance.from_environment(), arguments)
    except ClusterError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        if arguments.goes_on:
            print("Stopped half-way. The same command again goes on from there.", file=sys.stderr, flush=True)
        os._exit(INTERRUPTED)  # Python itself would wait for threads that are at work


def parser() -> argparse.ArgumentParser:
    root = argparse.ArgumentParser(
        prog=".venv/bin/python -m localcluster",
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    root.set_defaults(goes_on=False)
    commands = root.add_subparsers(required=True, metavar="COMMAND")

    up = commands.add_parser(
        "up", help="start everything; again is a no-op; resumes a stopped cluster with its data"
    )
    up.add_argument("--cluster-only", action="store_true", help="Kubernetes alone, without Madang on it")
    up.set_defaults(run=_up, goes_on=True)

    down = commands.add_parser("down", help="stop everything and keep all data")
    down.set_defaults(run=_down, goes_on=True)

    destroy = commands.add_parser("destroy", help="stop everything and delete all data")
    destroy.add_argument("--yes", action="store_true", help="do not ask")
    destroy.set_defaults(run=_destroy, goes_on=True)

    backup = commands.add_parser(
        "backup", help="all that cannot be made again, in one file, while it runs or is stopped"
    )
    backup.add_argument(
        "file",
        nargs="?",
        type=Path,
        default=BACKUPS,
        metavar="FILE",
        help=f"or a folder, for a name with the time in it ({BACKUPS})",
    )
    backup.set_defaults(run=_backup)

    restore = commands.add_parser("restore", help="a cluster from such a file, where none is")
    restore.add_argument("file", type=Path, metavar="FILE")
    restore.set_defaults(run=_restore)

    commands.add_parser("status", help="what runs").set_defaults(run=_status)

    log = commands.add_parser("logs", help="logs of the programs of a machine")
    log.add_argument(
        "node", nargs="?", metavar="NODE", help="control, ondemand-1, spot-1 …; all if not given"
    )
    log.add_argument(
        "program", nargs="?", metavar="PROGRAM", help="such as kubelet; all of the node if not given"
    )
    log.add_argument("-f", "--follow", action="store_true", help="go on as they grow")
    log.add_argument("-n", "--lines", type=int, default=20, help="last lines of each (20)")
    log.set_defaults(run=_logs)

    reclaim = commands.add_parser("reclaim", help="have the stand-in cloud take a node and supply a new one")
    reclaim.add_argument("node", metavar="NODE")
    notice = seconds(LONGEST_NOTICE_SECONDS)
    reclaim.add_argument("--notice", type=notice, default=120, metavar="SECONDS", help="warning time (120)")
    reclaim.add_argument("--no-wait", action="store_true", help="announce it and return")
    reclaim.set_defaults(run=_reclaim)

    for tool in ("kubectl", "helm"):
        wrapped = commands.add_parser(tool, help=f"run {tool} on this cluster", add_help=False)
        wrapped.add_argument("rest", nargs=argparse.REMAINDER)
        wrapped.set_defaults(run=_tool, tool=tool)

    commands.add_parser(
        "dev", help="the portal of this working tree, with reload, against the running cluster"
    ).set_defaults(run=_dev)
    commands.add_parser("programs", help="compile the cluster's programs into the cache").set_defaults(
        run=_programs, goes_on=True
    )
    commands.add_parser("preflight", help="tell what this computer lacks").set_defaults(run=_preflight)
    return root


def _up(instance: Instance, arguments: argparse.Namespace) -> int:
    need_root()
    report = Progress()
    with lifecycle.alone(instance, report):
        # Not before: what another command is about to start or to stop would be taken for somebody else's.
        preflight.check(instance)
        # Each command imports what it alone needs: `logs` should not wait for what `up` brings along.
        if arguments.cluster_only:
            from localcluster.cloud import process as cloud

            # Nobody is there to open a node that registers closed.
            instance = replace(instance, startup_taint=False)
            lifecycle.up(instance, report, lifecycle.programs_folder(instance, report))
            cloud.ensure_running(instance)
        else:
            from localcluster import startup

            startup.up(instance, report)
    return 0


def _down(instance: Instance, arguments: argparse.Namespace) -> int:
    need_root()
    report = Progress()
    with lifecycle.alone(instance, report):
        lifecycle.down(instance, report)
    return 0


def _destroy(instance: Instance, arguments: argparse.Namespace) -> int:
    need_root()
    if not arguments.yes:
        print(f"This deletes the cluster {instance.name!r} with all its data in {instance.state}: projects,")
        print("repositories, databases, images. There is no way back.")
        if not _agrees("Type yes to go on: "):
            print("Nothing was changed. (`--yes` goes on without asking.)", file=sys.stderr)
            return 1
    report = Progress()
    with lifecycle.alone(instance, report):
        lifecycle.destroy(instance, report)
    return 0


def _backup(instance: Instance, arguments: argparse.Namespace) -> int:
    need_root()
    from localcluster import backup

    report = Progress()
    with lifecycle.alone(instance, report):
        backup.back_up(instance, arguments.file.absolute(), report)
    return 0


def _restore(instance: Instance, arguments: argparse.Namespace) -> int:
    need_root()
    from localcluster import backup

    report = Progress()
    with lifecycle.alone(instance, report):
        preflight.check(instance)
        backup.restore(instance, arguments.file.absolute(), report)
    return 0


def _agrees(question: str) -> bool:
    """Ctrl-C and Ctrl-D are a no, and so is nobody at a terminal."""
    try:
        return sys.stdin.isatty() and input(question).strip() == "yes"
    except (EOFError, KeyboardInterrupt):
        print()
        return False


def _status(instance: Instance, arguments: argparse.Namespace) -> int:
    from localcluster import status

    need_root()
    return status.show(instance)


def _logs(instance: Instance, arguments: argparse.Namespace) -> int:
    need_root()
    logs.show(instance, arguments.node, arguments.program, arguments.lines, arguments.follow)


def _reclaim(instance: Instance, arguments: argparse.Namespace) -> int:
    need_root()
    from localcluster.cloud import client

    report = Progress()
    leaving = client.request_reclaim(instance, arguments.node, arguments.notice)
    if arguments.no_wait:
        print(client.describe(leaving))
        return 0
    try:
        client.follow_replacement(instance, leaving, report)
    except KeyboardInterrupt:
        print(client.STOPPED_LOOKING.format(node=arguments.node), file=sys.stderr)
        return INTERRUPTED
    return 0


def _tool(instance: Instance, arguments: argparse.Namespace) -> int:
    program = nodes.programs_in_use(instance) / arguments.tool
    become(program, [arguments.tool, *arguments.rest], {**os.environ, "KUBECONFIG": str(instance.kubeconfig)})


def _dev(instance: Instance, arguments: argparse.Namespace) -> int:
    from localcluster import dev

    return dev.run(instance, Progress())


def _programs(instance: Instance, arguments: argparse.Namespace) -> int:
    print(lifecycle.programs_folder(instance, Progress()))
    return 0


def _preflight(instance: Instance, arguments: argparse.Namespace) -> int:
    preflight.check(instance)
    print("This computer has all that the cluster needs.")
    return 0


if __name__ == "__main__":
    with may_leave():
        sys.exit(main())
