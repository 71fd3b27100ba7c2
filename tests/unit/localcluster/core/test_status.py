"""What `make status` says beside its table."""

from localcluster.install.cause import Cause
from localcluster.install.readiness import Unready
from localcluster.install.workload import Workload
from localcluster.status import Seen

GIT = Workload("StatefulSet", "madang", "git", {"app": "git"}, wanted=1, updated=1, ready=0, seen=True)


def test_pods_that_wait_and_nodes_that_are_cordoned_are_told_with_the_next_step() -> None:
    cordoned = Cause("no node, as ondemand-1 is cordoned", next="bin/kubectl uncordon ondemand-1")
    seen = Seen({}, cordoned=("ondemand-1", "spot-2"), unready=Unready((GIT,), {"git-0": cordoned}))
    assert list(seen.lines()) == [
        "not ready: git 0/1",
        "  git-0: no node, as ondemand-1 is cordoned. Next: bin/kubectl uncordon ondemand-1",
        "cordoned, so without new pods: ondemand-1 spot-2. Next: bin/kubectl uncordon ondemand-1 spot-2",
    ]


def test_nothing_is_said_where_all_runs() -> None:
    assert list(Seen({}).lines()) == []
