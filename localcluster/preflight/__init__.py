"""What this computer must have before a start: all that is missing is told at once, with its remedy."""

import os
import sys
from collections.abc import Iterator

from localcluster.errors import ClusterError
from localcluster.instance import Instance
from localcluster.lifecycle import HALF_DESTROYED
from localcluster.preflight.abilities import what_is_missing
from localcluster.preflight.problem import Problem
from localcluster.preflight.room import what_is_short

__all__ = ["Problem", "check", "problems"]


def check(instance: Instance) -> None:
    """Raises ClusterError that lists every problem. Changes nothing."""
    found = list(problems(instance))
    if found:
        listed = "\n".join(f"  - {problem}" for problem in found)
        raise ClusterError(f"This computer is not ready for the cluster; nothing was changed.\n{listed}")


def problems(instance: Instance) -> Iterator[Problem]:
    if sys.platform != "linux":
        yield Problem(
            "This is not Linux.", "The nodes are made of Linux namespaces: use a Linux machine or VM."
        )
        return
    if os.geteuid() != 0:
        yield Problem("You are not root.", "Namespaces, mounts and cgroups need it: run it with sudo.")
        return
    if (instance.state / HALF_DESTROYED).exists():
        yield Problem(
            f"The destruction of {instance.name!r} was interrupted, and part of its data is gone.",
            "`make destroy` brings it to its end; then `make up` makes a new cluster.",
        )
    if instance.programs and not (instance.programs / "kubelet").exists():
        yield Problem(
            f"MADANG_PROGRAMS={instance.programs} holds no kubelet.",
            "Name a folder of compiled programs, or unset it: they are compiled then.",
        )
    yield from what_is_missing()
    yield from what_is_short(instance)
