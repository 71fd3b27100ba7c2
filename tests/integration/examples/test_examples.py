"""What the examples promise: each is understood as its language, and says its version in one place."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from deployer.build.detection import plan
from deployer.source import read_snapshot

ROOT = Path(__file__).resolve().parents[3]
PROJECTS = {
    **{path.name: path for path in (ROOT / "examples").iterdir() if path.is_dir()},
    **{path.name: path for path in (ROOT / "tests/e2e/projects").iterdir() if path.is_dir()},
}
LANGUAGES = {
    "flask": "python",
    "django": "python",
    "node": "node",
    "static": "static",
    "go": "go",
    "spring": "java",
    "dockerfile": "dockerfile",
    "broken": "node",
    "crashing": "python",
    "visited": "python",
    "prepared": "python",
    "breakable": "python",
}
NOT_SOURCES = {"node_modules", "target", "__pycache__", "staticfiles"}


def git(folder: Path, *words: str) -> str:
    identity = ("-c", "user.name=Test", "-c", "user.email=test@school.example")
    return subprocess.run(
        ["git", *identity, *words], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()


def test_every_example_is_known_here() -> None:
    assert PROJECTS.keys() == LANGUAGES.keys()


@pytest.mark.parametrize("name", sorted(LANGUAGES))
def test_an_example_is_understood_as_its_language(name: str, tmp_path: Path) -> None:
    folder = tmp_path / name
    shutil.copytree(PROJECTS[name], folder, ignore=shutil.ignore_patterns(*NOT_SOURCES))
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "First")
    found = plan(read_snapshot(folder, git(folder, "rev-parse", "HEAD"), {}))
    assert (found.language, found.port) == (LANGUAGES[name], 8080)


@pytest.mark.parametrize("name", sorted(LANGUAGES))
def test_an_example_says_its_version_in_one_place(name: str) -> None:
    sources = (
        path
        for path in PROJECTS[name].rglob("*")
        if path.is_file() and not NOT_SOURCES.intersection(path.parts)
    )
    assert sum(path.read_text("utf-8").count("version 1") for path in sources) == 1


@pytest.mark.parametrize("path", sorted(ROOT.glob("examples/*/package-lock.json")), ids=str)
def test_a_lock_file_names_no_registry(path: Path) -> None:
    assert '"resolved"' not in path.read_text("utf-8")
