"""Runs the Go compiler over a work copy of the module; the source tree is never written to."""

import json
import queue
import shutil
import subprocess
import threading
import time
from pathlib import Path

from localcluster.errors import ClusterError
from localcluster.programs import recipe
from localcluster.programs.progress import Progress
from localcluster.programs.toolchain import Toolchain
from localcluster.report import Report

_WHAT = ("tool", "./cmd/...")
_REPORT_SECONDS = 15


def lay_sources(source: Path, work: Path, toolchain: Toolchain) -> None:
    """Copy the module to `work`, and beside it the patched modules that go.mod's replace lines name."""
    shutil.copytree(source, work)
    versions = recipe.Versions.read((source / "go.mod").read_text())
    for module, patch in recipe.PATCHES.items():
        _lay_patched(module, versions[module], source / patch, work / module.rpartition("/")[2], toolchain)


def _lay_patched(module: str, version: str, patch: Path, folder: Path, toolchain: Toolchain) -> None:
    answer = _go(toolchain, "/", ["mod", "download", "-json", f"{module}@{version}"], "fetch Go modules")
    shutil.copytree(json.loads(answer)["Dir"], folder, ignore=shutil.ignore_patterns("*_test.go"))
    for path in [folder, *folder.rglob("*")]:
        path.chmod(path.stat().st_mode | 0o200)  # the module cache is read-only
    patched = subprocess.run(
        ["patch", "--silent", "-d", folder, "-p1", "-i", patch], text=True, capture_output=True
    )
    if patched.returncode != 0:
        raise ClusterError(f"{patch.name} does not fit {module} {version}:\n{patched.stdout}{patched.stderr}")


def compile_programs(work: Path, out: Path, toolchain: Toolchain, report: Report) -> None:
    """Everything but runc, without cgo, into `out` under the names of `recipe.COMPILED`."""
    environment = {**toolchain.environment(), "CGO_ENABLED": "0"}
    programs = _packages(work, toolchain, environment, report)
    flags = recipe.ldflags(recipe.Versions.read((work / "go.mod").read_text()))
    command = ["build", "-v", "-trimpath", "-mod=readonly", "-tags", recipe.TAGS, "-ldflags", flags]
    out.mkdir(parents=True)
    _watched(
        [*command, "-o", f"{out}/", *_WHAT], work, out, toolchain, environment, Progress(programs), report
    )
    for built, name in recipe.RENAMED.items():
        (out / built).rename(out / name)
    if missing := [name for name in recipe.COMPILED if not (out / name).exists()]:
        raise ClusterError(
            f"The compilation left out {', '.join(missing)}: recipe.COMPILED and go.mod differ."
        )
    for name in recipe.KUBERNETES:
        (out / name).symlink_to("kube")


def compile_runc(work: Path, out: Path, toolchain: Toolchain, report: Report) -> None:
    """runc is a static program with libseccomp in it, hence its own module and cgo."""
    report("runc")
    command = ["build", "-trimpath", "-mod=readonly", "-tags", recipe.RUNC_TAGS]
    _go(
        toolchain,
        work / "runc",
        [*command, "-ldflags", recipe.RUNC_LDFLAGS, "-o", f"{out}/", "tool"],
        "compile runc",
        CGO_ENABLED="1",
    )


def _packages(
    work: Path, toolchain: Toolchain, environment: dict[str, str], report: Report
) -> dict[str, frozenset[str]]:
    """Of each program, the packages it is made of, Kubernetes first; fetches the modules on the way."""
    report("looking through the Go modules (the first time 180 MB are fetched)")
    form = '{{if eq .Name "main"}}{{.ImportPath}} {{join .Deps " "}}{{end}}'
    lines = _go(
        toolchain,
        work,
        ["list", "-mod=readonly", "-tags", recipe.TAGS, "-deps", "-f", form, *_WHAT],
        "fetch and read the Go modules",
        **environment,
    )
    found: dict[str, frozenset[str]] = {}
    for line in filter(None, lines.splitlines()):
        main, *dependencies = line.split()
        found[_program(main)] = frozenset([main, *dependencies]) - {"unsafe", "C"}
    return {name: found[name] for name in sorted(found, key=lambda name: (name != "kube", name))}


def _program(main: str) -> str:
    """The program of a main package: its path's last element, but a major version's."""
    parts = [part for part in main.split("/") if not (part.startswith("v") and part[1:].isdigit())]
    return recipe.RENAMED.get(parts[-1], parts[-1])


def _watched(
    arguments: list[str],
    work: Path,
    out: Path,
    toolchain: Toolchain,
    environment: dict[str, str],
    progress: Progress,
    report: Report,
) -> None:
    began = time.monotonic()
    process = subprocess.Popen(
        _dies_with_us([str(toolchain.go), *arguments]),
        cwd=work,
        env=environment,
        text=True,
        stderr=subprocess.PIPE,
    )
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    threading.Thread(target=_pump, args=(process, lines), daemon=True).start()
    said, complaints = "", []
    try:
        ended = False
        while not ended:
            deadline = time.monotonic() + _REPORT_SECONDS
            while not ended and (patience := deadline - time.monotonic()) > 0:
                try:
                    line = lines.get(timeout=patience)
                except queue.Empty:
                    break
                ended = line is None
                if line is not None:
                    progress.saw(line)
                    complaints.append(line)
            text = progress.line(time.monotonic() - began, sum(1 for _ in out.iterdir()))
            if text != said and not ended:
                report(text)
                said = text
        if process.wait() != 0:
            known = frozenset().union(*progress.programs.values())
            told = [
                line for line in complaints if line not in known and not line.startswith("go: downloading")
            ]
            raise ClusterError("\n".join(["The cluster's programs do not compile:", *told[-40:]]))
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def _pump(process: subprocess.Popen[str], lines: queue.SimpleQueue[str | None]) -> None:
    assert process.stderr is not None  # noqa: S101 - asked for above
    for line in process.stderr:
        lines.put(line.rstrip())
    lines.put(None)


def _go(
    toolchain: Toolchain, where: Path | str, arguments: list[str], purpose: str, **environment: str
) -> str:
    """Output of a go command; raises ClusterError with what it said."""
    answer = subprocess.run(
        _dies_with_us([str(toolchain.go), *arguments]),
        cwd=where,
        env={**toolchain.environment(), **environment},
        text=True,
        capture_output=True,
    )
    if answer.returncode != 0:
        told = "\n".join(_without_downloads(answer.stderr.splitlines()))
        raise ClusterError(
            f"Could not {purpose}:\n{told}\n"
            "Go asks what `go env GOPROXY` names; once that answers, try again."
        )
    return answer.stdout


def _without_downloads(lines: list[str]) -> list[str]:
    return [line for line in lines if not line.startswith("go: downloading")]


def _dies_with_us(command: list[str]) -> list[str]:
    """So that a compiler never outlives a killed `up` and writes into its folder."""
    return ["setpriv", "--pdeathsig", "TERM", *command]
