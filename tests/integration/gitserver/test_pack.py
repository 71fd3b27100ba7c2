"""Large, damaged and broken-off packs."""

from __future__ import annotations

import gzip
import http.client
import os
import subprocess
from base64 import b64encode
from contextlib import suppress
from pathlib import Path

import pytest
from django.utils import timezone
from portal.accounts.models import AccessKey
from portal.builds.models import Build

from tests.integration.gitserver.narrow_road import narrow_road
from tests.integration.gitserver.school import PATIENCE_SECONDS, School, eventually
from tests.integration.gitserver.serving import ServerProcess
from tests.integration.gitserver.student import FLASK, Student

MIB = 1 << 20
SMALL = {"MADANG_GIT_PUSH_LIMIT_BYTES": str(MIB)}


@pytest.mark.parametrize("post_buffer", ["65536", "100000000"], ids=["chunked", "announced"])
@pytest.mark.parametrize("server", [SMALL], indirect=True)
def test_a_push_over_the_limit_is_refused_with_the_reason_and_stores_nothing(
    server: ServerProcess, school: School, student: Student, post_buffer: str
) -> None:
    project, url = school.project(), server.url(f"{school.club}/app.git", school.key("deploy"))
    folder = student.project(files={"app.py": "", "data.bin": os.urandom(2 * MIB)})
    done = student.git("-c", f"http.postBuffer={post_buffer}", "push", url, "main", cwd=folder)
    assert done.status == 1
    assert "larger than the 1 MiB that are allowed" in done.output
    assert ".gitignore" in done.output
    eventually(lambda: server.pushes() == 0)
    assert server.objects(project) == []
    assert not Build.objects.filter(project=project).exists()


@pytest.mark.parametrize("post_buffer", ["65536", "100000000"], ids=["chunked", "announced"])
@pytest.mark.parametrize("server", [SMALL], indirect=True)
def test_a_push_far_over_the_limit_is_cut_off(
    server: ServerProcess, school: School, student: Student, post_buffer: str
) -> None:
    project, url = school.project(), server.url(f"{school.club}/app.git", school.key("deploy"))
    folder = student.project(files={"app.py": "", "data.bin": os.urandom(12 * MIB)})
    done = student.git("-c", f"http.postBuffer={post_buffer}", "push", url, "main", cwd=folder)
    assert done.status != 0
    eventually(lambda: server.pushes() == 0)
    assert server.objects(project) == []


def test_a_large_push_in_chunks_arrives_whole(
    server: ServerProcess, school: School, student: Student
) -> None:
    project, url = school.project(), server.url(f"{school.club}/app.git", school.key("deploy"))
    folder = student.project()
    commit = student.commit(folder, {"data.bin": os.urandom(50 * MIB)})
    push = student.start("-c", "http.postBuffer=65536", "push", url, "main", cwd=folder)
    build = school.accepted(project)
    assert build.archive_bytes > 50 * MIB
    school.succeed(build)
    assert push.wait().status == 0, push.output
    assert commit in student.git("ls-remote", url, "main").output


def test_a_forbidden_object_is_refused_by_git(
    server: ServerProcess, school: School, student: Student
) -> None:
    project, url = school.project(), server.url(f"{school.club}/app.git", school.key("deploy"))
    folder = student.project()
    blob = student.git("hash-object", "-w", "app.py", cwd=folder).output.strip()
    tree = subprocess.run(
        ["git", "mktree"],
        input=f"100644 blob {blob}\t.git\n",
        text=True,
        cwd=folder,
        capture_output=True,
        check=True,
    ).stdout.strip()
    commit = student.git("commit-tree", "-m", "evil", tree, cwd=folder).output.strip()
    done = student.git("push", url, f"{commit}:refs/heads/main", cwd=folder)
    assert done.status == 1
    assert "hasDotgit" in done.output
    assert "damaged or forbidden object" in done.output
    assert "git fsck --full" in done.output
    assert server.objects(project) == []
    assert not Build.objects.filter(project=project).exists()


def test_a_commit_that_unpacks_to_very_much_is_refused_before_git_holds_it_in_memory(
    server: ServerProcess, school: School, student: Student
) -> None:
    """A few of gigabytes, small as packs, would take the server's memory, and the pushes of all clubs."""
    project, url = school.project(), server.url(f"{school.club}/app.git", school.key("deploy"))
    folder = student.project()
    (folder / "story").write_bytes(b"a" * (70 * MIB))
    commit = student.git("commit-tree", "-F", "story", "HEAD^{tree}", cwd=folder).output.strip()
    done = student.git("push", url, f"{commit}:refs/heads/main", cwd=folder)
    assert done.status == 1
    assert "larger than 64 MiB" in done.output
    eventually(lambda: server.pushes() == 0)
    assert server.objects(project) == []
    assert not Build.objects.filter(project=project).exists()


def test_a_large_file_comes_whole_all_the_same(
    server: ServerProcess, school: School, student: Student
) -> None:
    project, url = school.project(), server.url(f"{school.club}/app.git", school.key("deploy"))
    folder = student.project()
    commit = student.commit(folder, {"data.bin": b"a" * (70 * MIB)})
    push = student.start("push", url, "main", cwd=folder)
    school.succeed(school.accepted(project, push=push))
    assert push.wait().status == 0, push.output
    assert commit in student.git("ls-remote", url, "main").output


def test_a_pusher_killed_in_the_middle_of_the_pack_leaves_nothing(
    server: ServerProcess, school: School, student: Student
) -> None:
    project, url = school.project(), server.url(f"{school.club}/app.git", school.key("deploy"))
    folder = student.project(files={**FLASK, "data.bin": os.urandom(8 * MIB)})
    with narrow_road(server.port, bytes_up=4 * MIB) as road:
        through = url.replace(f":{server.port}/", f":{road.port}/")
        push = student.start("-c", "http.postBuffer=65536", "push", through, "main", cwd=folder)
        assert road.full.wait(PATIENCE_SECONDS), push.output
        eventually(lambda: any(size > MIB for size in sizes(server.objects(project))))
        push.kill()
        eventually(lambda: server.objects(project) == [])
    assert not Build.objects.filter(project=project).exists()

    again = student.start("push", url, "main", cwd=folder)
    school.succeed(school.accepted(project, push=again))
    assert again.wait().status == 0, again.output


def test_a_key_that_is_revoked_while_its_pack_is_on_the_way_deploys_nothing(
    server: ServerProcess, school: School, student: Student
) -> None:
    project, key, folder = school.project(), school.key("deploy"), student.project()
    pack = subprocess.run(
        ["git", "pack-objects", "-q", "--stdout", "--revs"],
        input=b"HEAD\n",
        cwd=folder,
        env=student.environment,
        capture_output=True,
        check=True,
    ).stdout
    line = f"{'0' * 40} {student.tip(folder)} refs/heads/main\0report-status side-band-64k".encode()
    body = b"%04x%s0000%s" % (len(line) + 4, line, pack)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE_SECONDS)
    connection.putrequest("POST", f"/{school.club}/app.git/git-receive-pack")
    connection.putheader("Authorization", "Basic " + b64encode(f"x:{key}".encode()).decode())
    connection.putheader("Content-Type", "application/x-git-receive-pack-request")
    connection.putheader("Content-Length", str(len(body)))
    connection.endheaders()
    connection.send(body[:-20])
    eventually(lambda: server.pushes() == 1)
    AccessKey.objects.filter(club=school.club).update(revoked_at=timezone.now())
    connection.send(body[-20:])
    assert b"expired or revoked" in connection.getresponse().read()
    connection.close()
    eventually(lambda: server.pushes() == 0)
    assert not Build.objects.filter(project=project).exists()


def sizes(files: list[Path]) -> list[int]:
    """Of those that are still there: git gives a pack that it has begun its name later."""
    found = []
    for path in files:
        with suppress(FileNotFoundError):
            found.append(path.stat().st_size)
    return found


def ask_packed(server: ServerProcess, school: School, body: bytes) -> tuple[int, bytes]:
    """A fetch's question in gzip, and what the server says to it."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE_SECONDS)
    connection.request(
        "POST",
        f"/{school.club}/app.git/git-upload-pack",
        body,
        {
            "Authorization": "Basic " + b64encode(f"x:{school.key('read')}".encode()).decode(),
            "Content-Type": "application/x-git-upload-pack-request",
            "Content-Encoding": "gzip",
            "Git-Protocol": "version=2",
        },
    )
    answer = connection.getresponse()
    said = answer.status, answer.read()
    connection.close()
    return said


def test_a_packed_request_body_is_understood(server: ServerProcess, school: School, student: Student) -> None:
    school.project()
    assert ask_packed(server, school, gzip.compress(b"0014command=ls-refs\n0000")) == (200, b"0000")


def test_a_packed_request_that_unpacks_to_very_much_is_refused(
    server: ServerProcess, school: School, student: Student
) -> None:
    """git would keep every line of it in memory."""
    school.project()
    line = b"0032have " + b"1" * 40 + b"\n"
    bomb = gzip.compress(b"0012command=fetch0001" + line * 1_000_000)
    assert len(bomb) < MIB
    assert ask_packed(server, school, bomb)[0] == 413
    assert ask_packed(server, school, b"no gzip")[0] == 400


@pytest.mark.parametrize("server", [{"MADANG_GIT_REPOSITORY_LIMIT_BYTES": str(MIB)}], indirect=True)
def test_a_full_repository_takes_no_more(server: ServerProcess, school: School, student: Student) -> None:
    project, url = school.project(), server.url(f"{school.club}/app.git", school.key("deploy"))
    folder = student.project(
        files={"app.py": "", "Dockerfile": "FROM scratch\n", "data.bin": os.urandom(2 * MIB)}
    )
    push = student.start("push", url, "main", cwd=folder)
    school.succeed(school.accepted(project))
    assert push.wait().status == 0, push.output
    student.commit(folder, {"more.txt": "more"})
    done = student.git("push", url, "main", cwd=folder)
    assert done.status != 0
    assert "is full" in done.output


def test_a_push_of_very_many_refs_is_refused_before_git_has_them_all(
    server: ServerProcess, school: School, student: Student
) -> None:
    project, key = school.project(), school.key("deploy")
    line = b"%040d %040d refs/tags/v%05d"
    lines = [line % (1, 0, number) for number in range(20_000)]
    body = b"".join(b"%04x%s" % (len(each) + 4, each) for each in lines) + b"0000"
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE_SECONDS)
    connection.request(
        "POST",
        f"/{school.club}/app.git/git-receive-pack",
        body,
        {
            "Authorization": "Basic " + b64encode(f"x:{key}".encode()).decode(),
            "Content-Type": "application/x-git-receive-pack-request",
        },
    )
    answer = connection.getresponse()
    assert answer.status == 413
    assert b"without --tags" in answer.read()
    connection.close()
    eventually(lambda: server.pushes() == 0)
    assert not Build.objects.filter(project=project).exists()


@pytest.mark.parametrize("server", [{"MADANG_GIT_REPOSITORY_LIMIT_REFS": "3"}], indirect=True)
def test_a_repository_takes_only_so_many_tags_and_deploys_all_the_same(
    server: ServerProcess, school: School, student: Student
) -> None:
    project = school.project()
    url = server.url(f"{school.club}/app.git", school.key("deploy"))
    folder = student.project()
    for number in range(3):
        assert student.git("tag", f"v{number}", cwd=folder).status == 0
    done = student.git("push", url, "--tags", cwd=folder)
    assert done.status == 0, done.output
    assert student.git("tag", "v3", cwd=folder).status == 0
    done = student.git("push", url, "--tags", cwd=folder)
    assert done.status == 1
    assert "more than 3 tags" in done.output
    push = student.start("push", url, "main", cwd=folder)
    school.succeed(school.accepted(project, push=push))
    assert push.wait().status == 0, push.output
