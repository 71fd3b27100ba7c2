from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.cli.scene import Server, Student
from tests.integration.gitserver.conftest import platform_environment, school

__all__ = ["platform_environment", "school"]


@pytest.fixture
def server() -> Iterator[Server]:
    one = Server()
    yield one
    one.close()


@pytest.fixture
def student(tmp_path: Path) -> Student:
    return Student(tmp_path)


@pytest.fixture
def login(student: Student, server: Server) -> Callable[..., None]:
    """Logs the student in to the server with a key for a club."""

    def log_in(key: str = "mdg_k1_secret", **opens: Any) -> None:
        server.whoami(**opens)
        done = student.madang("login", "--url", server.url, "--key", key)
        assert done.returncode == 0, done.stderr

    return log_in
