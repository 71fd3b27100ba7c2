"""Gives the folder of programs, compiling what the cache has not or no longer has whole."""

import os
import shutil
import subprocess
from pathlib import Path

from localcluster.errors import ClusterError
from localcluster.lock import held
from localcluster.programs import compile, keeping, manifest, recipe, toolchain
from localcluster.report import Report
from localcluster.threads import side_by_side


def ensure(cache: Path, report: Report, source: Path = recipe.SOURCE) -> Path:
    """The folder that holds every program of `recipe.PROGRAMS`, about 400 MB.

    Compiles for some ten minutes on two cores at first. Safe to call from several processes, and again
    after any of them was killed. Raises ClusterError that says what is missing.
    """
    store = store_of(cache)
    store.mkdir(parents=True, exist_ok=True)
    with held(store / "lock", lambda: report("waiting for another compilation of the same programs")):
        go = toolchain.find(cache, report)
        runc = _runc()
        folder = store / recipe.key(source, go.version, go.architecture, runc)
        if manifest.is_whole(folder):
            os.utime(folder)
            return folder / "bin"
        for left_over in store.glob("*.new"):
            shutil.rmtree(left_over)
        fresh = folder.with_name(f"{folder.name}.new")
        compile.lay_sources(source, fresh / "source", go)
        with side_by_side() as pool:
            # A processor is free while the others' modules are fetched and the last of them is linked.
            runc_made = pool.submit(_make_runc, runc, fresh, go, report)
            compile.compile_programs(fresh / "source", fresh / "bin", go, report)
            runc_made.result()
        (fresh / "runc/runc").rename(fresh / "bin/runc")
        (fresh / "runc").rmdir()
        shutil.rmtree(fresh / "source")
        manifest.write(fresh)
        shutil.rmtree(folder, ignore_errors=True)
        fresh.rename(folder)
        keeping.forget_old(store)
        report(f"programs compiled into {folder / 'bin'}")
        return folder / "bin"


def store_of(cache: Path) -> Path:
    """The part of the cache that holds the compilations."""
    return cache / "programs"


def _make_runc(runc: str, fresh: Path, go: toolchain.Toolchain, report: Report) -> None:
    """In a folder of its own: how many programs stand in the others' tells how far they are."""
    if runc == "compiled":
        compile.compile_runc(fresh / "source", fresh / "runc", go, report)
    else:
        (fresh / "runc").mkdir()
        (fresh / "runc/runc").symlink_to(runc)


def _runc() -> str:
    """ "compiled" where a C compiler and libseccomp are, else the path of the machine's own runc."""
    if _can_link_seccomp():
        return "compiled"
    if found := shutil.which("runc"):
        return found
    raise ClusterError(
        "runc cannot be had: apt-get install gcc libc6-dev libseccomp-dev (or runc), try again."
    )


def _can_link_seccomp() -> bool:
    if not shutil.which("gcc"):
        return False
    program = "#include <seccomp.h>\nint main(void) { return seccomp_init(0) == 0; }\n"
    attempt = subprocess.run(
        ["gcc", "-static", "-x", "c", "-o", "/dev/null", "-", "-lseccomp"],
        input=program,
        text=True,
        capture_output=True,
    )
    return attempt.returncode == 0
