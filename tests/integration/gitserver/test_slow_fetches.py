"""Somebody who takes a clone slowly keeps nobody from fetching or pushing."""

from __future__ import annotations

import os
import socket
from base64 import b64encode
from collections.abc import Iterator

import pytest
from portal.clubs.models import Club

from tests.integration.gitserver.school import PATIENCE_SECONDS, School, eventually
from tests.integration.gitserver.serving import ServerProcess
from tests.integration.gitserver.student import FLASK, Student

# More than waits in the server and in the system's buffers.
LARGE_BYTES = 40 << 20
ONE_TURN = {"MADANG_GIT_FETCH_CONCURRENCY": "1", "MADANG_GIT_SLOW_FETCH_SECONDS": "0.05"}
ONE_SEAT = {**ONE_TURN, "MADANG_GIT_SLOW_FETCH_CONCURRENCY": "1"}


class SlowClone:
    """A client that asks for a pack and reads its first bytes, then nothing until `rest`."""

    def __init__(self, server: ServerProcess, repository: str, key: str, commit: str) -> None:
        want = f"want {commit} side-band-64k no-progress ofs-delta\n"
        body = f"{len(want) + 4:04x}{want}00000009done\n".encode()
        self._socket = socket.socket()
        # Before it connects: a window that was offered is not taken back.
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self._socket.settimeout(PATIENCE_SECONDS)
        self._socket.connect(("127.0.0.1", server.port))
        self._socket.sendall(
            f"POST /{repository}/git-upload-pack HTTP/1.1\r\n"
            f"Host: 127.0.0.1\r\nConnection: close\r\n"
            f"Authorization: Basic {b64encode(f'student:{key}'.encode()).decode()}\r\n"
            f"Content-Type: application/x-git-upload-pack-request\r\n"
            f"Content-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        self.first = self._socket.recv(1024)
        assert self.first.startswith(b"HTTP/1.1 200"), self.first

    def rest(self) -> bytes:
        # Each part is as small as the window: bytes would be copied anew with every one of them.
        found = bytearray(self.first)
        while chunk := self._socket.recv(1 << 20):
            found += chunk
        return bytes(found)

    def close(self) -> None:
        self._socket.close()


class Large:
    """A project of a club of its own, and its clones."""

    def __init__(self, server: ServerProcess, school: School, student: Student) -> None:
        self._server, self._school = server, school
        self.project = school.project("large", Club.objects.create(slug=f"slow-{os.urandom(4).hex()}"))
        self._key = school.key("deploy", club=self.project.club)
        self._clones: list[SlowClone] = []
        folder = student.project("large", files={**FLASK, "data.bin": os.urandom(LARGE_BYTES)})
        push = student.start("push", server.url(self._repository, self._key), "main", cwd=folder)
        school.succeed(school.accepted(self.project, push=push))
        assert push.wait().status == 0, push.output
        self._commit = student.tip(folder)

    @property
    def _repository(self) -> str:
        return f"{self.project.club.slug}/large.git"

    def clone(self) -> SlowClone:
        self._clones.append(SlowClone(self._server, self._repository, self._key, self._commit))
        return self._clones[-1]

    def close(self) -> None:
        for each in self._clones:
            each.close()


@pytest.fixture
def large(server: ServerProcess, school: School, student: Student) -> Iterator[Large]:
    made = Large(server, school, student)
    yield made
    made.close()


@pytest.mark.parametrize("server", [ONE_TURN], indirect=True)
def test_others_fetch_and_push_while_every_turn_was_a_slow_readers(
    server: ServerProcess, school: School, student: Student, large: Large
) -> None:
    slow = large.clone()
    large.clone()
    project, url = school.project(), server.url(f"{school.club.slug}/app.git", school.key("deploy"))
    folder = student.project()
    push = student.start("push", url, "main", cwd=folder)
    school.succeed(school.accepted(project, push=push))
    assert push.wait().status == 0, push.output
    assert student.tip(folder) in student.git("ls-remote", url, "main").output
    # However slow, it gets all.
    assert len(slow.rest()) > LARGE_BYTES


@pytest.mark.parametrize("server", [ONE_SEAT], indirect=True)
def test_a_slow_clone_that_others_have_no_seat_for_is_told_why_it_ends(
    server: ServerProcess, school: School, large: Large
) -> None:
    first = large.clone()
    second = large.clone()
    eventually(lambda: "a slow fetch lost its seat" in server.log.read_text())
    ended = second.rest()
    assert b"slow connections" in ended
    assert len(ended) < LARGE_BYTES
    assert len(first.rest()) > LARGE_BYTES
