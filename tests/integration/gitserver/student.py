"""A student with the real git and an empty home folder."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

PATIENCE_SECONDS = 300


@dataclass(frozen=True)
class Done:
    status: int
    output: str


class Running:
    """A git command under way."""

    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        self.process = process
        self._log = log

    @property
    def output(self) -> str:
        return self._log.read_text(errors="replace")

    def wait(self) -> Done:
        return Done(self.process.wait(PATIENCE_SECONDS), self.output)

    def kill(self) -> None:
        """The student's laptop is gone: git and its helper die at once."""
        os.killpg(self.process.pid, 9)
        self.process.wait(PATIENCE_SECONDS)


class Student:
    def __init__(self, home: Path) -> None:
        self.home = home
        self.home.mkdir()
        self._count = 0

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            **{f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in _PERSON},
        }

    def start(self, *words: str, cwd: Path | None = None, **environment: str) -> Running:
        self._count += 1
        log = self.home / f".git-{self._count}.log"
        with log.open("w") as out:
            process = subprocess.Popen(
                ["git", *words],
                cwd=cwd or self.home,
                env={**self.environment, **environment},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )
        return Running(process, log)

    def git(self, *words: str, cwd: Path | None = None, **environment: str) -> Done:
        return self.start(*words, cwd=cwd, **environment).wait()

    def project(self, name: str = "app", files: dict[str, str | bytes] | None = None) -> Path:
        """A repository with one commit on main."""
        folder = self.home / name
        assert self.git("init", "-q", "-b", "main", name).status == 0
        self.commit(folder, files or FLASK)
        return folder

    def commit(self, folder: Path, files: dict[str, str | bytes], message: str = "Work") -> str:
        for path, content in files.items():
            place = folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content.encode() if isinstance(content, str) else content)
        assert self.git("add", "-A", cwd=folder).status == 0
        done = self.git("commit", "-q", "-m", message, cwd=folder)
        assert done.status == 0, done.output
        return self.tip(folder)

    def tip(self, folder: Path, name: str = "HEAD") -> str:
        return self.git("rev-parse", name, cwd=folder).output.strip()


_PERSON = (("NAME", "Student"), ("EMAIL", "student@school.example"))
FLASK: dict[str, str | bytes] = {
    "requirements.txt": "flask\n",
    "app.py": "from flask import Flask\n\napp = Flask(__name__)\n",
}
