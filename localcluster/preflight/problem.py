"""What a look at this computer may find, and how it is found by trying."""

import shutil
import subprocess
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing that stands in the way, and what to do about it."""

    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.what}\n    {self.remedy}"


def works(*command: str) -> bool:
    """What cannot be tried for want of a program is no problem of its own: the program is told of."""
    if not shutil.which(command[0]):
        return True
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
