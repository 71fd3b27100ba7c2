"""Whose failure a failed build is, read from BuildKit's own last words (taken from real builds)."""

# ruff: noqa: E501 - BuildKit writes long lines

from __future__ import annotations

from time import process_time

import pytest

from deployer.build.solve_error import explain

PIP = """\
#10 [build 5/6] RUN --mount=type=cache,target=/root/.cache/pip pip install -r requirements.txt
#10 8.573 ERROR: Could not find a version that satisfies the requirement flsk==3 (from versions: none)
#10 8.574 ERROR: No matching distribution found for flsk==3
#10 ERROR: process "/bin/sh -c pip install -r requirements.txt" did not complete successfully: exit code: 1
------
 > [build 5/6] RUN --mount=type=cache,target=/root/.cache/pip pip install -r requirements.txt:
8.574 ERROR: No matching distribution found for flsk==3
------
Dockerfile:8
--------------------
   7 |     COPY requirements.txt ./
   8 | >>> RUN --mount=type=cache,target=/root/.cache/pip pip install -r requirements.txt
   9 |     COPY . .
--------------------
error: failed to solve: process "/bin/sh -c pip install -r requirements.txt" did not complete successfully: exit code: 1
"""
PROXY = PIP.replace(
    "#10 8.573",
    "#10 1.038 WARNING: Retrying after connection broken by 'ProxyError('Cannot connect to proxy.')'\n#10 8.573",
)
NO_IMAGE = """\
Dockerfile:1
--------------------
   1 | >>> FROM python:3.99-slim
--------------------
error: failed to solve: python:3.99-slim: failed to resolve source metadata for docker.io/library/python:3.99-slim: docker.io/library/python:3.99-slim: not found
"""
NO_FILE = """\
#5 [2/2] COPY nothere.txt /
#5 ERROR: failed to calculate checksum of ref 99nk::k9uz: "/nothere.txt": not found
Dockerfile:2
--------------------
   2 | >>> COPY nothere.txt /
--------------------
error: failed to solve: failed to compute cache key: failed to calculate checksum of ref 99nk::k9uz: "/nothere.txt": not found
"""
PARSE = """\
Dockerfile:2
--------------------
   2 | >>> RUNN echo
--------------------
error: failed to solve: dockerfile parse error on line 2: unknown instruction: RUNN (did you mean RUN?)
"""
KILLED = """\
#6 [2/2] RUN make -j64
#6 1.0 Killed
#6 ERROR: process "/bin/sh -c make -j64" did not complete successfully: exit code: 137
error: failed to solve: process "/bin/sh -c make -j64" did not complete successfully: exit code: 137
"""
BASES = ("node:22-slim", "python:3.11-slim", "python:3.12-slim", "python:3.12-slim-bookworm")


def blamed(log: str, bases: tuple[str, ...] = BASES) -> tuple[bool, str, str, str, str]:
    blame = explain(log.splitlines(), bases, 512 << 20)
    told = blame.explanation
    return blame.students, told.reason, told.what, told.evidence, told.next


def test_a_failed_step_is_told_with_its_line_its_output_and_what_to_do() -> None:
    students, reason, what, evidence, advice = blamed(PIP)
    assert (students, reason) == (True, "step-failed")
    assert what == (
        "Your build stopped: the step `pip install -r requirements.txt` ended with exit code 1 (Dockerfile line 8)."
    )
    assert evidence.splitlines()[-1] == "ERROR: No matching distribution found for flsk==3"
    assert "flsk==3" in advice


def test_the_lines_of_a_dockerfile_that_the_student_never_saw_are_not_named() -> None:
    told = explain(PIP.splitlines(), BASES, 512 << 20, own_dockerfile=False).explanation
    assert told.what == (
        "Your build stopped: the step `pip install -r requirements.txt` ended with exit code 1."
    )


def test_a_version_that_is_not_here_is_the_asking_files_matter_where_there_is_no_dockerfile() -> None:
    told = explain(NO_IMAGE.splitlines(), BASES, 512 << 20, own_dockerfile=False).explanation
    assert told.what == "There is no base image python:3.99-slim here."
    assert "one of your files" in told.evidence.lower()
    assert told.next == (
        "Ask there for a version that is here: python:3.11-slim, python:3.12-slim. A Dockerfile of your own gets no other."
    )
    anywhere = explain(NO_IMAGE.splitlines(), (), 512 << 20, own_dockerfile=False).explanation
    assert anywhere.what == "The base image python:3.99-slim does not exist."
    assert anywhere.next == "Ask there for another version, commit and push again."


def test_pages_that_the_build_put_elsewhere_are_not_asked_for_in_the_commit() -> None:
    log = NO_FILE.replace("/nothere.txt", "/app/dist").splitlines()
    told = explain(log, BASES, 512 << 20, own_dockerfile=False).explanation
    assert (told.reason, told.what) == (
        "pages-missing",
        "Your `build` script made no dist/, and that is what would be served.",
    )
    assert explain(log, BASES, 512 << 20).explanation.reason == "copied-file-missing"


def test_package_registries_out_of_reach_are_not_the_students_doing() -> None:
    students, reason, what, *_ = blamed(PROXY)
    assert (students, reason) == (False, "registries-unreachable")
    assert what.startswith("Not your code")


def test_a_missing_base_image_is_answered_with_those_that_are_there() -> None:
    students, reason, what, evidence, advice = blamed(NO_IMAGE)
    assert (students, reason) == (True, "base-image-missing")
    assert what == "There is no base image python:3.99-slim here."
    assert evidence == "Dockerfile line 1: FROM python:3.99-slim"
    assert "python:3.12-slim" in advice
    assert "node" not in advice


JAVA = (
    "eclipse-temurin:17",
    "eclipse-temurin:17-alpine",
    "eclipse-temurin:17-jre",
    "openjdk:17",
    "debian:12",
)


@pytest.mark.parametrize(
    ("image", "bases", "akin"),
    [
        ("python:3.99-slim", BASES, "python:3.11-slim, python:3.12-slim"),
        ("python:3.11.9-slim-bookworm", BASES, "python:3.12-slim-bookworm"),
        ("node:18-bullseye", BASES, "node:22-slim"),
        ("pyton:3.13-slim", BASES, "python:3.11-slim, python:3.12-slim"),
        ("eclipse-temurin:21", JAVA, "eclipse-temurin:17"),
        ("eclipse-temurin:21-jre", JAVA, "eclipse-temurin:17-jre"),
        ("openjdk:21", JAVA, "openjdk:17"),
        ("zzz:1", BASES[:2], "node:22-slim, python:3.11-slim"),
    ],
)
def test_a_dockerfile_of_ones_own_and_one_that_madang_wrote_are_answered_with_the_same_images(
    image: str, bases: tuple[str, ...], akin: str
) -> None:
    """Java is here in one version only: who asks for another reads which, and that no Dockerfile gets it."""
    log = NO_IMAGE.replace("python:3.99-slim", image).splitlines()
    own, madangs = (explain(log, bases, 512 << 20, own_dockerfile=own).explanation for own in (True, False))
    assert own.what == madangs.what == f"There is no base image {image} here."
    assert own.next == f"Use in Dockerfile line 1 one of: {akin}."
    assert madangs.next == (
        f"Ask there for a version that is here: {akin}. A Dockerfile of your own gets no other."
    )


def test_where_anything_can_be_pulled_the_name_itself_is_wrong() -> None:
    _, _, what, _, advice = blamed(NO_IMAGE, bases=())
    assert what == "The base image python:3.99-slim does not exist."
    assert advice == "Correct the name or tag in Dockerfile line 1."


def test_a_file_that_is_not_in_the_commit_is_named() -> None:
    students, reason, what, _, advice = blamed(NO_FILE)
    assert (students, reason) == (True, "copied-file-missing")
    assert what == "Dockerfile line 2 copies nothere.txt, and there is no such file in your commit."
    assert "git add" in advice


def test_a_dockerfile_that_cannot_be_read_is_told_with_its_line() -> None:
    students, reason, what, evidence, _ = blamed(PARSE)
    assert (students, reason, what) == (True, "bad-dockerfile", "Dockerfile line 2 cannot be understood.")
    assert "did you mean RUN?" in evidence


def test_a_step_that_was_killed_needed_more_memory() -> None:
    students, reason, what, *_ = blamed(KILLED)
    assert (students, reason) == (True, "out-of-memory")
    assert "512 MiB" in what
    assert "make -j64" in what


@pytest.mark.parametrize(
    "words",
    [
        "failed to push registry.madang.svc.cluster.local:5000/chess/blog:build-1: unexpected status from POST request to http://registry: 503 Service Unavailable",
        'python:3.12-slim: failed to resolve source metadata for docker.io/library/python:3.12-slim: failed to do request: Head "http://172.30.0.1:5000/v2/": dial tcp 172.30.0.1:5000: connect: connection refused',
        "failed to authorize: failed to fetch oauth token: unexpected status from GET request to http://portal: 500",
        "Unavailable: closing transport due to: connection error: desc = error reading from server: EOF",
    ],
)
def test_a_registry_or_a_daemon_that_does_not_answer_is_the_platforms(words: str) -> None:
    assert blamed(f"error: failed to solve: {words}\n")[0] is False


def test_what_a_students_program_prints_is_not_taken_for_the_builders_words() -> None:
    log = PIP.replace("#10 8.574 ERROR", "#10 8.574 failed to push: connection refused ERROR")
    assert blamed(log)[:2] == (True, "step-failed")


@pytest.mark.parametrize(
    ("output", "advice"),
    [
        (
            "npm error `npm ci` can only install packages when package.json and package-lock.json are in sync",
            "npm install",
        ),
        ('npm error Missing script: "build"', "package.json"),
        ("npm error 404  'leftpadd@1' is not in this registry.", "leftpadd@1"),
        ("error: command 'gcc' failed: No such file or directory", "compiler"),
        ("curl: (56) Received HTTP code 403 from proxy after CONNECT", "package registries only"),
    ],
)
def test_common_failures_get_their_own_advice(output: str, advice: str) -> None:
    log = PIP.replace("ERROR: No matching distribution found for flsk==3", output).replace(
        "ERROR: Could not find a version that satisfies the requirement flsk==3 (from versions: none)", ""
    )
    assert advice in blamed(log)[4]


def test_a_full_disk_is_told_as_such() -> None:
    assert blamed("error: failed to solve: write /x: no space left on device\n")[1] == "disk-full"


def test_an_endless_name_in_a_from_line_holds_up_no_worker() -> None:
    began = process_time()
    told = blamed(f'error: failed to solve: failed to parse stage name "{"a/:" * 333}": invalid reference\n')
    assert told[:2] == (True, "build-failed")
    assert process_time() - began < 5


def test_an_unknown_failure_still_shows_the_last_words() -> None:
    students, reason, _, evidence, _ = blamed("error: failed to solve: something new\n")
    assert (students, reason, evidence) == (True, "build-failed", "something new")
