"""`madang login` and the real git: the credential helper protocol."""

import stat
from collections.abc import Callable

from tests.integration.cli.scene import Answer, Server, Student


def fill(student: Student, url: str) -> str:
    """What git itself finds out for an address, by its helpers alone."""
    return student.run("git", "credential", "fill", stdin=f"url={url}\n\n").stdout


def test_after_login_git_has_the_key_of_the_club_in_the_address(
    student: Student, server: Server, login: Callable[..., None]
) -> None:
    login("mdg_k1_robotics")
    login("mdg_k2_band", club="band")
    assert "password=mdg_k1_robotics\n" in fill(student, f"{server.git_url}/robotics/lunch.git")
    assert "password=mdg_k2_band\n" in fill(student, f"{server.git_url}/band/site.git")


def test_git_gets_no_key_for_another_host_or_port(
    student: Student, server: Server, login: Callable[..., None]
) -> None:
    login()
    for url in (
        "http://git.madang.localhost/robotics/a.git",
        f"https://git.madang.localhost:{server.port}/robotics/a.git",
    ):
        assert "mdg_" not in fill(student, url)


def test_logging_in_twice_leaves_one_helper_and_hides_those_for_all_hosts(
    student: Student, server: Server, login: Callable[..., None]
) -> None:
    student.run("git", "config", "--global", "credential.helper", "store")
    login()
    login()
    helpers = student.run(
        "git", "config", "--global", "--get-all", f"credential.{server.git_url}.helper"
    ).stdout.splitlines()
    assert helpers == ["", "!madang credential"]
    student.run(
        "git",
        "credential",
        "approve",
        stdin=f"url={server.git_url}/robotics/a.git\nusername=madang\npassword=mdg_k1_secret\n\n",
    )
    assert not (student.home / ".git-credentials").exists()


def test_the_key_is_readable_by_its_owner_only(student: Student, login: Callable[..., None]) -> None:
    login()
    kept = student.home / ".config" / "madang" / "hosts.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    kept.chmod(0o644)
    student.madang("whoami")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_a_key_that_git_and_portal_refuse_is_forgotten(
    student: Student, server: Server, login: Callable[..., None]
) -> None:
    login()
    server.on("GET", "/whoami", Answer(401))
    url = f"{server.git_url}/robotics/a.git"
    refused = student.run(
        "git", "credential", "reject", stdin=f"url={url}\nusername=madang\npassword=mdg_k1_secret\n\n"
    )
    assert "revoked or has expired" in refused.stderr
    assert "mdg_" not in fill(student, url)


def test_a_key_that_only_git_refused_is_kept(
    student: Student, server: Server, login: Callable[..., None]
) -> None:
    login()
    url = f"{server.git_url}/robotics/a.git"
    student.run(
        "git", "credential", "reject", stdin=f"url={url}\nusername=madang\npassword=mdg_k1_secret\n\n"
    )
    assert "mdg_k1_secret" in fill(student, url)


def test_logout_forgets_the_key_and_gits_setting(
    student: Student, server: Server, login: Callable[..., None]
) -> None:
    login()
    done = student.madang("logout")
    assert done.returncode == 0
    assert "mdg_" not in fill(student, f"{server.git_url}/robotics/a.git")
    assert server.git_url not in student.run("git", "config", "--global", "--list").stdout
    assert student.madang("whoami").returncode == 1


def test_a_key_that_the_portal_refuses_is_not_kept(student: Student, server: Server) -> None:
    server.on("GET", "/whoami", Answer(401))
    done = student.madang("login", "--url", server.url, "--key", "-", stdin="mdg_k1_wrong\n")
    assert done.returncode == 1
    assert "not accepted" in done.stderr
    assert not (student.home / ".config" / "madang" / "hosts.json").exists()


def test_what_is_no_key_is_told_without_being_shown(student: Student, server: Server) -> None:
    done = student.madang("login", "--url", server.url, "--key", "my-password")
    assert done.returncode == 1
    assert "This is no access key" in done.stderr
    assert "my-password" not in done.stdout + done.stderr
