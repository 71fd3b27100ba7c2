"""The logs of the machines' programs."""

import os
from pathlib import Path
from typing import NoReturn

from localcluster.errors import ClusterError
from localcluster.instance import Instance
from localcluster.readers import become


def show(instance: Instance, machine: str | None, program: str | None, lines: int, follow: bool) -> NoReturn:
    """Print the last lines, with `follow` for ever, in place of this process. Raises ClusterError."""
    files = map(str, find(instance, machine, program))
    become("tail", ["tail", f"--lines={lines}", *(["-F"] if follow else []), "--", *files], os.environ)


def find(instance: Instance, machine: str | None, program: str | None) -> list[Path]:
    """The log files of a machine's program, of all programs of a machine, or of all machines."""
    folders = sorted(p for p in instance.machines.glob(machine or "*") if p.is_dir())
    if not folders:
        known = ", ".join(sorted(p.name for p in instance.machines.glob("*") if p.is_dir()))
        raise ClusterError(
            f"No logs of {machine or instance.name!r}. Machines: {known or 'none; `make up` first'}."
        )
    files = [file for folder in folders for file in sorted(folder.glob(f"{program or '*'}.log"))]
    if not files:
        known = ", ".join(sorted({p.stem for folder in folders for p in folder.glob("*.log")}))
        raise ClusterError(f"{machine} runs no {program!r}. Programs: {known}.")
    return [file for file in files if program or file.stat().st_size]
