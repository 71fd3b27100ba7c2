"""A machine is lost: from one file its projects live elsewhere. One that was stopped goes on by itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from localcluster.instance import Instance
from tests.bench.spot import CLUB, live, sign_in
from tests.clusters import RESTORED, standing
from tests.e2e.road import Road, road

pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("the rest")]
NAME = "docker"


def test_what_was_backed_up_lives_again_elsewhere_and_what_was_stopped_goes_on(
    platform: Road, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on = platform
    sign_in(on)
    host = live(on, NAME)
    was, commit = on.visit(host), head(on, on.home / f"{CLUB}-{NAME}")
    file = tmp_path / "whole.tar.zst"
    done = on.cluster("backup", str(file))
    assert done.status == 0, done.output
    assert file.stat().st_mode & 0o777 == 0o600
    assert "is there already" in on.cluster("backup", str(file)).output
    assert "nothing of it is written over" in on.cluster("restore", str(file)).output
    assert on.cluster("down").status == 0
    with elsewhere(monkeypatch) as other:
        done = other.cluster("restore", str(file))
        assert done.status == 0, done.output
        assert f"{CLUB}/{NAME}: release " in done.output
        other.wait_for(lambda: other.visit(host) == was)
        sign_in(other)
        folder = other.home / "clone"
        cloned = other.student("git", "clone", f"{git_url(other)}/{CLUB}/{NAME}.git", str(folder))
        assert cloned.status == 0, cloned.output
        assert head(other, folder) == commit
    assert on.cluster("up").status == 0
    on.wait_for(lambda: on.visit(host) == was)


@contextmanager
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[Road]:
    """Another cluster's road; the cluster is destroyed in the end."""
    with standing(RESTORED), monkeypatch.context() as patch:
        for name, value in RESTORED.items():
            patch.setenv(name, value)
        with road(Instance.from_environment()) as other:
            try:
                yield other
            finally:
                done = other.cluster("destroy", "--yes")
        assert done.status == 0, done.output


def git_url(on: Road) -> str:
    return f"http://git.madang.localhost:{on.instance.ports.http}"


def head(on: Road, folder: Path) -> str:
    return on.student("git", "rev-parse", "main", cwd=folder).output.strip()
