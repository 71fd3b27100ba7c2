"""The command as a person types it, against a small real server."""

import json
import signal
import subprocess
from collections.abc import Callable
from functools import partial

import pytest

from tests.integration.cli.scene import Answer, Server, Student

PROJECT = "/clubs/robotics/projects/lunch"
PATIENCE_SECONDS = 300


def entry(sequence: int, kind: str = "build") -> dict[str, object]:
    return {"sequence": sequence, "at": "2026-03-02T09:00:00Z", "kind": kind, "text": f"line {sequence}"}


def end(state: str, code: int) -> dict[str, object]:
    return {"end": {"state": state, "exit_code": code}}


@pytest.fixture(autouse=True)
def _logged_in(login: Callable[..., None]) -> None:
    login()


def project(server: Server, **more: object) -> dict[str, object]:
    return {
        "club": "robotics",
        "name": "lunch",
        "url": f"http://lunch.madang.localhost:{server.port}",
        "git_url": f"{server.git_url}/robotics/lunch.git",
        "deploy_branch": "main",
        "state": "live",
        "release": 3,
        **more,
    }


def test_a_new_project_is_named_after_its_folder_and_becomes_its_remote(
    student: Student, server: Server
) -> None:
    server.on("POST", "/clubs/robotics/projects", Answer(201, project(server)))
    folder = student.repository("Lunch")
    done = student.madang("project", "create", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert server.asked[-1].body == {"name": "lunch"}
    assert "git push madang main" in done.stderr
    remote = student.run("git", "remote", "get-url", "madang", cwd=folder).stdout.strip()
    assert remote == f"{server.git_url}/robotics/lunch.git"


def test_a_folder_whose_name_has_no_latin_letter_gives_no_name(student: Student) -> None:
    done = student.madang("project", "create", cwd=student.repository("급식"))
    assert done.returncode == 1
    assert "“급식” gives no name" in done.stderr
    assert "madang project create my-project" in done.stderr


def test_a_key_that_is_not_there_is_not_forgotten(student: Student) -> None:
    done = student.madang("logout", "--club", "chess")
    assert done.returncode == 0
    assert "No key for the club chess is kept here; kept are: robotics" in done.stderr
    assert student.madang("logout").stdout.startswith("Forgot the keys for robotics")


def test_a_project_that_is_there_already_only_becomes_the_remote(student: Student, server: Server) -> None:
    taken = {"reason": "project-exists", "what": "Taken.", "evidence": "", "next": "Choose another name."}
    server.on("POST", "/clubs/robotics/projects", Answer(409, {"error": taken}))
    folder = student.repository("lunch")
    being_deleted = student.madang("project", "create", "robotics/lunch", cwd=folder)
    assert being_deleted.returncode == 1
    assert "Taken." in being_deleted.stderr
    server.on("GET", PROJECT, Answer(body=project(server)))
    done = student.madang("project", "create", cwd=folder)
    assert done.returncode == 0
    assert "exists already" in done.stdout
    assert "robotics/lunch.git" in student.run("git", "remote", "get-url", "madang", cwd=folder).stdout


def test_a_key_that_makes_no_projects_links_the_one_that_is_there(student: Student, server: Server) -> None:
    missing = {"reason": "scope-missing", "what": "No.", "evidence": "", "next": "Use another key."}
    server.on("POST", "/clubs/robotics/projects", Answer(403, {"error": missing}))
    folder = student.repository("lunch")
    refused = student.madang("project", "create", cwd=folder)
    assert refused.returncode == 1
    assert "→ Use another key.\n→ Or once the project is made" in refused.stderr
    assert "madang project link lunch" in refused.stderr
    server.on("GET", PROJECT, Answer(body=project(server)))
    assert "exists already" in student.madang("project", "create", cwd=folder).stdout
    assert "robotics/lunch.git" in student.run("git", "remote", "get-url", "madang", cwd=folder).stdout


@pytest.mark.parametrize(
    ("key", "following"),
    [
        ({"scopes": ["manage"], "project": None}, "madang project create"),
        ({"scopes": ["deploy"], "project": None}, "madang project link NAME"),
        ({"scopes": ["deploy"], "project": "lunch"}, "madang project link lunch"),
    ],
)
def test_the_next_step_after_a_login_is_one_that_the_key_allows(
    student: Student, server: Server, key: dict[str, object], following: str
) -> None:
    known = {"id": "k1", "name": "laptop", "club": "robotics", "expires_at": None}
    server.on("GET", "/whoami", Answer(body={"key": {**known, **key}, "git_url": server.git_url}))
    done = student.madang("login", "--url", server.url, "--key", "mdg_k1_secret")
    assert f"Next, in your project's folder: {following}" in done.stderr


def test_a_remote_of_another_project_is_left_alone(student: Student, server: Server) -> None:
    server.on("POST", "/clubs/robotics/projects", Answer(201, project(server)))
    folder = student.repository("lunch")
    student.run("git", "remote", "add", "madang", "http://elsewhere/a/b.git", cwd=folder)
    done = student.madang("project", "create", cwd=folder)
    assert "git remote set-url madang" in done.stderr
    assert "elsewhere" in student.run("git", "remote", "get-url", "madang", cwd=folder).stdout


def test_a_push_from_another_branch_is_spelled_out(student: Student, server: Server) -> None:
    server.on("GET", PROJECT, Answer(body=project(server)))
    folder = student.repository("lunch")
    student.run("git", "checkout", "-q", "-b", "new-menu", cwd=folder)
    assert "git push madang HEAD:main" in student.madang("project", "link", cwd=folder).stderr


def test_deleting_asks_for_the_projects_name(student: Student, server: Server) -> None:
    server.on("DELETE", PROJECT, Answer(204))
    refused = student.madang("project", "delete", "lunch", stdin="dinner\n")
    assert refused.returncode == 1
    assert "nothing was deleted" in refused.stderr
    assert server.asked[-1].method == "GET"
    assert student.madang("project", "delete", "lunch", stdin="lunch\n").returncode == 0
    assert server.asked[-1].method == "DELETE"


def test_values_are_read_from_a_file_and_never_printed(student: Student, server: Server) -> None:
    server.on("PATCH", f"{PROJECT}/config", Answer(body={"changed": ["A"], "version": None, "stream": None}))
    (student.home / ".env").write_text("# secret\nexport A='s3cret one'\nB=\"two\\nlines\"\nC=${A}\nEMPTY=\n")
    done = student.madang("config", "set", "D=s3cret=two", "--file", ".env", "-p", "lunch")
    assert done.returncode == 0, done.stderr
    wanted = {"A": "s3cret one", "B": "two\nlines", "C": "${A}", "EMPTY": "", "D": "s3cret=two"}
    assert server.asked[-1].body == {"set": wanted, "unset": []}
    assert "s3cret" not in done.stdout + done.stderr


def test_a_settings_name_must_be_one(student: Student) -> None:
    done = student.madang("config", "set", "1ST=x", "-p", "lunch")
    assert done.returncode == 2
    assert "no digit first" in done.stderr


def test_values_are_listed_only_when_asked_for(student: Student, server: Server) -> None:
    server.on("GET", f"{PROJECT}/config", Answer(body={"variables": {"A": None}}))
    assert "••••" in student.madang("config", "list", "-p", "lunch").stdout
    assert server.asked[-1].path.endswith("/config")
    server.on("GET", f"{PROJECT}/config", Answer(body={"variables": {"A": "shown"}}))
    assert "shown" in student.madang("config", "list", "--show", "-p", "lunch").stdout
    assert server.asked[-1].path.endswith("/config?show=true")


def test_a_rollback_is_watched_to_its_end_and_ends_with_its_exit_code(
    student: Student, server: Server
) -> None:
    server.on("POST", f"{PROJECT}/rollback", Answer(body={"version": 4, "stream": 9}))
    server.on("GET", "/streams/9", Answer(lines=[entry(1, "rollout"), {"heartbeat": True}, end("failed", 1)]))
    done = student.madang("rollback", "v2", "-p", "lunch")
    assert server.asked[-2].body == {"version": 2}
    assert "line 1" in done.stdout
    assert done.returncode == 1


def test_attach_resumes_where_it_stopped_and_over_a_cut_connection(student: Student, server: Server) -> None:
    server.on("GET", f"{PROJECT}/streams/latest", Answer(body={"id": 7, "state": "open"}))
    server.on(
        "GET",
        "/streams/7",
        Answer(lines=[entry(1), entry(2)], cut=True),
        Answer(503),
        Answer(lines=[entry(3), end("succeeded", 0)]),
        Answer(lines=[end("succeeded", 0)]),
    )
    first = student.madang("attach", "-p", "lunch")
    assert " ".join(first.stdout.split()) == "line 1 line 2 line 3 The deploy succeeded."
    assert "connection lost" in first.stderr
    assert first.returncode == 0
    second = student.madang("attach", "-p", "lunch")
    assert "line" not in second.stdout
    asked = [each.path.partition("?")[2] for each in server.asked if "/streams/7" in each.path]
    assert asked == ["after=0", "after=2", "after=2", "after=3"]


def test_an_interrupted_attach_says_how_to_resume_and_later_does(student: Student, server: Server) -> None:
    server.on("GET", "/streams/7", Answer(lines=[entry(1)], cut=True), Answer(503))
    process = subprocess.Popen(
        ["madang", "attach", "--stream", "7"],
        env=student.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # As from a terminal: what runs in the background has the signal ignored, and so would the command.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stdout is not None and process.stderr is not None
    assert process.stdout.readline() == "       line 1\n"
    assert "connection lost" in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 130
    assert "madang attach --stream 7" in told
    server.on("GET", "/streams/7", Answer(lines=[entry(2), end("succeeded", 0)]))
    assert student.madang("attach", "--stream", "7").stdout.startswith("       line 2\n")
    assert server.asked[-1].path.endswith("after=1")


def test_json_is_for_programs_errors_too(student: Student, server: Server) -> None:
    server.on("GET", "/clubs/robotics/projects", Answer(body=[project(server)]))
    assert json.loads(student.madang("project", "list", "--json").stdout)[0]["name"] == "lunch"
    server.on("GET", "/clubs/robotics/projects", Answer(403))
    refused = student.madang("project", "list", "--json")
    assert json.loads(refused.stderr)["error"]["reason"] == "http-403"


def test_a_stream_as_json_is_one_object_a_line(student: Student, server: Server) -> None:
    server.on("GET", "/streams/7", Answer(lines=[entry(1), end("cancelled", 1)]))
    done = student.madang("attach", "--stream", "7", "--json")
    assert [json.loads(line) for line in done.stdout.splitlines()] == [entry(1), end("cancelled", 1)]


def test_cancel_ends_the_newest_unfinished_build(student: Student, server: Server) -> None:
    builds = [
        {"number": 5, "state": "failed"},
        {"number": 4, "state": "running"},
        {"number": 3, "state": "queued"},
    ]
    server.on("GET", f"{PROJECT}/builds", Answer(body=builds))
    server.on("POST", f"{PROJECT}/builds/4/cancel", Answer(body={"number": 4, "state": "cancelled"}))
    assert "Build 4 is cancelled" in student.madang("cancel", "-p", "lunch").stdout
    server.on("GET", f"{PROJECT}/builds", Answer(body=builds[:1]))
    assert "madang builds" in student.madang("cancel", "-p", "lunch").stderr


def test_rebuild_tries_the_newest_build_again_and_shows_it(student: Student, server: Server) -> None:
    server.on("GET", f"{PROJECT}/builds", Answer(body=[{"number": 5, "state": "failed"}]))
    server.on("POST", f"{PROJECT}/builds/5/rebuild", Answer(202, {"number": 6, "stream": 7}))
    server.on("GET", "/streams/7", Answer(lines=[entry(1), end("succeeded", 0)]))
    done = student.madang("rebuild", "-p", "lunch")
    assert done.returncode == 0, done.stderr
    assert "Build 6 builds the commit of build 5 again." in done.stdout
    assert "line 1" in done.stdout
    assert "madang attach" in student.madang("rebuild", "5", "--detach", "-p", "lunch").stdout


def test_rebuild_says_why_not(student: Student, server: Server) -> None:
    server.on("GET", f"{PROJECT}/builds", Answer(body=[]))
    assert "Nothing of this project was built yet." in student.madang("rebuild", "-p", "lunch").stderr
    gone = {"reason": "source-gone", "what": "Not kept.", "evidence": "", "next": "Push its commit again."}
    server.on("POST", f"{PROJECT}/builds/4/rebuild", Answer(409, {"error": gone}))
    done = student.madang("rebuild", "4", "-p", "lunch")
    assert done.returncode == 1
    assert "Push its commit again." in done.stderr


def test_a_key_is_made_with_the_asked_scope(student: Student, server: Server) -> None:
    server.on("POST", "/clubs/robotics/keys", Answer(201, {"id": "k2", "token": "mdg_k2_new"}))
    done = student.madang("keys", "create", "ci", "--scope", "deploy", "--days", "90")
    assert done.stdout == "mdg_k2_new\n"
    assert server.asked[-1].body == {
        "name": "ci",
        "scopes": ["deploy"],
        "project": None,
        "expires_in_days": 90,
    }


def test_logs_are_printed_with_the_copy_that_wrote_them(student: Student, server: Server) -> None:
    lines = [{"at": "2026-03-02T09:00:00Z", "pod": "web-1", "text": "[INFO] started"}]
    server.on("GET", f"{PROJECT}/logs", Answer(lines=lines))
    assert student.madang("logs", "-n", "5", "-p", "lunch").stdout == "web-1 | [INFO] started\n"
    assert server.asked[-1].path.endswith("/logs?follow=false&tail=5")


def test_a_log_that_cannot_be_read_on_says_why(student: Student, server: Server) -> None:
    trouble = {"reason": "too-many-readers", "what": "Very many logs are followed.", "next": "Wait a minute."}
    server.on("GET", f"{PROJECT}/logs", Answer(lines=[{"error": trouble}]))
    done = student.madang("logs", "-f", "-p", "robotics/lunch")
    assert done.returncode == 1
    assert done.stderr == "madang: Very many logs are followed.\n→ Wait a minute.\n"


def test_a_key_in_the_environment_is_enough_for_a_program(student: Student, server: Server) -> None:
    student.madang("logout")
    server.on("GET", "/clubs/robotics/projects", Answer(body=[]))
    done = student.madang(
        "project", "list", "--json", "--club", "robotics", MADANG_URL=server.url, MADANG_KEY="mdg_ci_secret"
    )
    assert done.stdout == "[]\n"
    assert server.asked[-1].headers["Authorization"] == "Bearer mdg_ci_secret"


@pytest.mark.parametrize("words", [["--help"], ["config", "set", "--help"], ["--version"]])
def test_help_and_version_need_no_login(student: Student, words: list[str]) -> None:
    done = student.madang(*words, HOME=str(student.home / "nobody"))
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_completion_needs_no_login(student: Student) -> None:
    # As an installed completion asks: `--show-completion` would look for the shell that runs the tests.
    done = student.madang(HOME=str(student.home / "nobody"), _MADANG_COMPLETE="source_bash")
    assert "_madang_completion" in done.stdout, done.stderr
