"""A start command as written becomes one that gets SIGTERM."""

from __future__ import annotations

import pytest

from deployer.build.command import command_line


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("gunicorn app:app", ("gunicorn", "app:app")),
        ("node 'my server.js'", ("node", "my server.js")),
        ("gunicorn --bind :$PORT app:app", ("/bin/sh", "-c", "exec gunicorn --bind :$PORT app:app")),
        ("exec node $FILE", ("/bin/sh", "-c", "exec node $FILE")),
        ("python a.py && python b.py", ("/bin/sh", "-c", "python a.py && python b.py")),
        ("DEBUG=1 python a.py", ("/bin/sh", "-c", "exec env DEBUG=1 python a.py")),
        ("python 'unclosed", ("/bin/sh", "-c", "python 'unclosed")),
    ],
)
def test_a_shell_stands_in_between_only_where_it_is_needed(text: str, expected: tuple[str, ...]) -> None:
    assert command_line(text) == expected
