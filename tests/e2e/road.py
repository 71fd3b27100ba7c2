"""The main road as a student and an operator walk it: real commands, from outside the cluster."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from localcluster.instance import Instance

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
PROJECTS = Path(__file__).resolve().parent / "projects"
PATIENCE_SECONDS = 600
Made = TypeVar("Made")


@dataclass(frozen=True)
class Done:
    """A command's end."""

    status: int
    output: str
    seconds: float


@dataclass(frozen=True)
class Answer:
    status: int
    body: str


class Road:
    """An embedded cluster seen from outside, and one student's home folder."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.home = Path(tempfile.mkdtemp(prefix="madang-student-"))

    def close(self) -> None:
        shutil.rmtree(self.home, ignore_errors=True)

    # ---- the operator -----------------------------------------------------------------------

    def cluster(self, *words: str) -> Done:
        """`python -m localcluster …`, its output shown as it comes."""
        return command([sys.executable, "-m", "localcluster", *words], cwd=ROOT, show=True)

    def kubectl(self, *words: str) -> str:
        done = command([str(ROOT / "bin" / "kubectl"), *words], cwd=ROOT)
        if done.status:
            raise AssertionError(f"kubectl {' '.join(words)}: {done.output}")
        return done.output

    def admin(self, *words: str) -> str:
        done = command([str(ROOT / "bin" / "madang-admin"), *words], cwd=ROOT)
        if done.status:
            raise AssertionError(f"madang-admin {' '.join(words)}: {done.output}")
        return done.output

    def operator_link(self, email: str) -> str:
        """A new operator's link, which lets in once."""
        told = self.admin("create_operator", email)
        link = re.search(r"https?://\S+/welcome/\S+", told)
        assert link is not None, told
        return link.group()

    @property
    def url(self) -> str:
        return f"http://madang.localhost:{self.instance.ports.http}"

    # ---- the student ------------------------------------------------------------------------

    @property
    def student_environment(self) -> dict[str, str]:
        return {
            "HOME": str(self.home),
            "XDG_CONFIG_HOME": str(self.home / ".config"),
            "XDG_STATE_HOME": str(self.home / ".state"),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "LANG": "C.UTF-8",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_CONFIG_NOSYSTEM": "1",
        }

    def student(self, *words: str, cwd: Path | None = None, show: bool = False, as_: str = "") -> Done:
        """A command as the student types it; `as_` tells its shown lines from those of another."""
        return command(
            list(words), cwd=cwd or self.home, environment=self.student_environment, show=show, as_=as_
        )

    def sign_in(self, club: str) -> Done:
        """The student signs in with a new key of the club's."""
        made = self.admin("create_key", club, "--name", f"{club} {time.time():.0f}")
        key = re.search(r"mdg_[A-Za-z0-9_-]+", made)
        assert key is not None, "create_key printed no key"
        return self.sign_in_with(key.group())

    def sign_in_with(self, key: str) -> Done:
        return self.student("madang", "login", "--url", self.url, "--key", key)

    def create_project(self, club: str, name: str, folder: Path) -> None:
        """Of that name, with its remote in `folder`; one that is there already is taken."""
        created = self.student("madang", "project", "create", name, "--club", club, cwd=folder)
        assert created.status == 0 or "exists" in created.output, created.output

    def checkout(self, source: Path, name: str) -> Path:
        """A copy of an example as the student's own repository with one commit on main."""
        folder = self.home / name
        shutil.copytree(
            source, folder, ignore=shutil.ignore_patterns("node_modules", "__pycache__", "target")
        )
        for words in (
            ["git", "init", "-q", "-b", "main"],
            ["git", "config", "user.name", "Student"],
            ["git", "config", "user.email", "student@school.example"],
        ):
            assert self.student(*words, cwd=folder).status == 0
        self.commit(folder, "First version")
        return folder

    def rewrite(self, folder: Path, source: Path) -> None:
        """The student begins anew: all that is in the folder makes room for a copy of `source`."""
        assert self.student("git", "rm", "-rfq", ".", cwd=folder).status == 0
        shutil.copytree(source, folder, dirs_exist_ok=True)

    def commit(self, folder: Path, message: str) -> None:
        assert self.student("git", "add", "-A", cwd=folder).status == 0
        done = self.student("git", "commit", "-q", "-m", message, cwd=folder)
        assert done.status == 0, done.output

    def replace(self, folder: Path, old: str, new: str) -> None:
        """Change a word in whichever file of the project has it."""
        for path in sorted(folder.rglob("*")):
            if path.is_file() and ".git" not in path.parts and old in path.read_text(errors="ignore"):
                path.write_text(path.read_text().replace(old, new))
                return
        raise AssertionError(f"no file of {folder} contains {old!r}")

    # ---- the visitor ------------------------------------------------------------------------

    def visit(self, host: str, path: str = "/") -> Answer:
        """One request through the cluster's front door."""
        connection = http.client.HTTPConnection("127.0.0.1", self.instance.ports.http, timeout=10)
        try:
            connection.request("GET", path, headers={"Host": host})
            answer = connection.getresponse()
            return Answer(answer.status, answer.read().decode("utf-8", "replace"))
        except (OSError, http.client.HTTPException) as error:
            return Answer(0, f"{type(error).__name__}: {error}")
        finally:
            connection.close()

    def wait_for(self, what: Callable[[], bool], patience_seconds: float = PATIENCE_SECONDS) -> float:
        """Seconds until `what` holds; raises when patience ends."""
        began = time.monotonic()
        while time.monotonic() - began < patience_seconds:
            if what():
                return time.monotonic() - began
            # Most looks are a program's start, on the processors of those that are waited for.
            time.sleep(0.5)
        raise AssertionError(f"not within {patience_seconds:.0f} s: {what}")

    def node_of(self, club: str, project: str) -> str:
        """A node with a serving pod of the project."""
        nodes = self.nodes_of(club, project)
        assert nodes, f"{project} has no ready pod"
        return nodes[0]

    def nodes_of(self, club: str, project: str) -> list[str]:
        """The nodes with the project's serving pods."""
        pods = json.loads(
            self.kubectl(
                "-n", f"club-{club}", "get", "pods", "-l", f"madang.dev/project={project}", "-o", "json"
            )
        )["items"]
        return [
            str(pod["spec"]["nodeName"])
            for pod in pods
            if not pod["metadata"].get("deletionTimestamp")
            and any(
                c["type"] == "Ready" and c["status"] == "True" for c in pod["status"].get("conditions", [])
            )
        ]


def at_once(*deeds: Callable[[], Made]) -> list[Made]:
    """What each deed gives, in their order; all are done at the same time."""
    with ThreadPoolExecutor(len(deeds)) as pool:
        return [begun.result() for begun in [pool.submit(deed) for deed in deeds]]


def live_host(push: Done) -> str:
    """The host name in a push's last line: "Release 1 is live at http://…"."""
    found = re.search(r"live at https?://([^\s:/]+)", push.output)
    assert push.status == 0 and found is not None, push.output
    return found.group(1)


def command(
    argv: list[str],
    *,
    cwd: Path,
    environment: dict[str, str] | None = None,
    show: bool = False,
    as_: str = "",
) -> Done:
    """Run to the end; standard error is part of the output, whose lines `show` shows after `as_`."""
    began = time.monotonic()
    process = subprocess.Popen(
        argv,
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if show:
            print(f"    {as_}{line.rstrip()}", flush=True)
    return Done(process.wait(), "".join(lines), time.monotonic() - began)


@contextmanager
def road(instance: Instance) -> Iterator[Road]:
    one = Road(instance)
    try:
        yield one
    finally:
        one.close()
