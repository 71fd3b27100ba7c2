"""Smart HTTP on exactly one repository, or nothing."""

from __future__ import annotations

import pytest
from portal.gitserver.address import GitRequest, Service, parse


def test_the_three_steps_of_smart_http_are_known() -> None:
    assert parse("GET", "/robotics/app.git/info/refs", "service=git-upload-pack") == GitRequest(
        "robotics", "app", Service.FETCH, advertisement=True
    )
    assert parse("POST", "/robotics/app.git/git-upload-pack", "") == GitRequest(
        "robotics", "app", Service.FETCH, advertisement=False
    )
    assert parse("POST", "/robotics/app.git/git-receive-pack", "") == GitRequest(
        "robotics", "app", Service.PUSH, advertisement=False
    )


@pytest.mark.parametrize(
    ("method", "path", "query"),
    [
        ("GET", "/robotics/app.git/info/refs", ""),
        ("GET", "/robotics/app.git/info/refs", "service=git-upload-archive"),
        ("GET", "/robotics/app.git/info/refs", "service=git-upload-pack&service=git-receive-pack"),
        ("POST", "/robotics/app.git/info/refs", "service=git-upload-pack"),
        ("GET", "/robotics/app.git/git-upload-pack", ""),
        ("GET", "/robotics/app.git/HEAD", ""),
        ("GET", "/robotics/app.git/objects/info/packs", ""),
        ("POST", "/robotics/app/git-upload-pack", ""),
        ("POST", "/app.git/git-upload-pack", ""),
        ("POST", "/robotics/sub/app.git/git-upload-pack", ""),
        ("POST", "/robotics/../app.git/git-upload-pack", ""),
        ("POST", "/robotics/App.git/git-upload-pack", ""),
        ("POST", "/robotics/app.git/git-upload-pack\n", ""),
        ("POST", "//robotics/app.git/git-upload-pack", ""),
    ],
)
def test_all_else_is_not_git(method: str, path: str, query: str) -> None:
    assert parse(method, path, query) is None
