"""The commands that pages show for keeping a key, typed where `madang login` has been at work before."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from portal.web.pages.apply.commands import first_commands

BASE = "http://git.example"


def typed(command: str, home: Path, said: str = "") -> str:
    surroundings = {"PATH": os.environ["PATH"], "HOME": str(home), "GIT_TERMINAL_PROMPT": "0"}
    return subprocess.run(
        ["sh", "-c", command], input=said, env=surroundings, check=True, capture_output=True, text=True
    ).stdout


def asked(home: Path) -> str:
    """What git has for a push."""
    return typed("git credential fill", home, "protocol=http\nhost=git.example\npath=robots/eyes.git\n\n")


def test_the_key_is_kept_for_every_project(tmp_path: Path) -> None:
    typed(first_commands(BASE, "robots", "eyes", "mdg_new").credential, tmp_path)
    assert "password=mdg_new" in asked(tmp_path)


def test_also_after_the_command_has_set_its_own_helpers(tmp_path: Path) -> None:
    for name, value in (("helper", ""), ("helper", "!madang credential"), ("useHttpPath", "true")):
        typed(f"git config --global --add credential.{BASE}.{name} '{value}'", tmp_path)
    typed(first_commands(BASE, "robots", "eyes", "mdg_new").credential, tmp_path)
    assert "password=mdg_new" in asked(tmp_path)
