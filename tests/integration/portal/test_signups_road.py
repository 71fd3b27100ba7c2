"""From the form to a key that git takes, over HTTP: the running portal, and a worker for the mails."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from django.core.management import call_command
from portal.accounts.models import AuditEntry
from portal.clubs.models import Membership

from tests.e2e.applying import become_operator, bring_club, browser, caught_mail
from tests.integration.portal.processes import Portal, Worker, eventually
from tests.integration.redis_server import free_port


@pytest.fixture
def portal(platform_environment: dict[str, str], tmp_path: Path) -> Iterator[Portal]:
    port = free_port()
    public = {"MADANG_PUBLIC_URL": f"http://madang.localhost:{port}"}
    process = Portal({**platform_environment, **public}, tmp_path / "portal.log", port)
    yield process
    process.end()


@pytest.fixture
def worker(platform_environment: dict[str, str], tmp_path: Path) -> Iterator[Worker]:
    process = Worker("default", platform_environment, tmp_path / "worker.log")
    yield process
    process.end()


def git(home: Path, command: str, given: str = "") -> str:
    environment = {"HOME": str(home), "PATH": os.environ["PATH"], "GIT_TERMINAL_PROMPT": "0"}
    done = subprocess.run(
        ["sh", "-ec", command], cwd=home, env=environment, input=given, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_club_comes_from_the_form_to_its_first_key(
    portal: Portal, worker: Worker, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"http://madang.localhost:{portal.port}"
    call_command("create_operator", "op@school.example")
    link = httpx.URL(capsys.readouterr().out.strip()).path

    def admin(*words: str) -> str:
        call_command(*words)
        return capsys.readouterr().out

    mailbox = caught_mail(admin)
    with browser(url) as operator:
        become_operator(operator, link)
        club = bring_club(url, mailbox, operator, "robots", "Robotics club")
    member = Membership.objects.get(club__slug="robots")
    assert (member.role, member.user.email) == ("owner", club.email)
    whoami = httpx.get(
        f"{portal.url}/api/v1/whoami", headers={"Authorization": f"Bearer {club.key}"}, timeout=120
    )
    assert whoami.json()["key"]["club"] == "robots"

    home = tmp_path / "home"
    home.mkdir()
    git(home, "git init -q -b main .")
    remote, credential, push = club.commands
    git(home, remote)
    git(home, credential)
    assert git(home, "git remote get-url madang").strip() == (
        "http://git.madang.localhost:8000/robots/robots.git"
    )
    filled = git(home, "git credential fill", "url=http://git.madang.localhost:8000/robots/robots.git\n\n")
    assert f"password={club.key}\n" in filled
    assert push == "git push madang HEAD:main"
    assert (home / ".git-credentials").stat().st_mode & 0o077 == 0
    assert club.key not in (home / ".gitconfig").read_text()

    assert AuditEntry.objects.filter(action="approve_signup", actor="operator:op").exists()
    log = eventually(
        lambda: portal.said() if "/welcome/" in portal.said() else None, "a line of the access log"
    )
    assert "/welcome/…" in log
    for letter in mailbox(club.email):
        for word in letter.body.split():
            if "/welcome/" in word or "/apply/" in word:
                assert httpx.URL(word).path not in log
