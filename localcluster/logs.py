"""The logs of the machines' programs."""

import os
from pathlib import Path
from typing import NoReturn

from localcluster.errors import ClusterError
from localcluster.instance import Instance
from localcluster.readers import become


def show(instance: Instance, machine: str | None, program: str | None, lines: int, follow: bool) -> NoReturn:
    """Print the last lines, with `follow` for ever, in place of this process. Raises ClusterError."""
    found = find(instance, machine, program)
    files = [str(file) for file in found if program or follow or file.stat().st_size]
    if not files:  # tail would read the terminal
        raise ClusterError(f"{machine or instance.name} has logged nothing yet. Does it run? `make status`")
    become("tail", ["tail", f"--lines={lines}", *(["-F"] if follow else []), "--", *files], os.environ)


def find(instance: Instance, machine: str | None, program: str | None) -> list[Path]:
    """The log files of a machine's program, of all programs of a machine, or of all machines."""
    every = sorted(p for p in instance.machines.glob("*") if p.is_dir())
    folders = [folder for folder in every if machine in (None, folder.name)]
    if not folders:
        known = ", ".join(folder.name for folder in every)
        raise ClusterError(
            f"No logs of {machine or instance.name!r}. Machines: {known or 'none; `make up` first'}."
        )
    logs = [file for folder in folders for file in sorted(folder.glob("*.log"))]
    files = [file for file in logs if program in (None, file.stem)]
    if program and not files:
        known = ", ".join(sorted({file.stem for file in logs}))
        raise ClusterError(f"{machine} runs no {program!r}. Programs: {known or 'none yet'}.")
    return files
