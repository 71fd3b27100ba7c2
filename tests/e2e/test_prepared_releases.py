"""`release:` of a Procfile on a cluster: before each release, once; what it refuses has no visitor."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench.spot import CLUB, sign_in
from tests.e2e.load import Load
from tests.e2e.road import PROJECTS, Done, Road, live_host

pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("the rest")]


def push(on: Road, folder: Path) -> Done:
    return on.student("git", "push", "madang", "main", cwd=folder, show=True)


def test_a_release_command_runs_before_its_release_and_holds_back_what_it_refuses(platform: Road) -> None:
    on = platform
    sign_in(on)
    folder = on.checkout(PROJECTS / "prepared", "prepared")
    on.create_project(CLUB, "prepared", folder)
    first = push(on, folder)
    host = live_host(first)
    assert first.output.count("preparing version 1") == 1, first.output
    assert first.output.index("preparing version 1") < first.output.index("live at")
    assert on.visit(host).body == "Hello from version 1\n"

    with Load(host, on.instance.ports.http) as load:
        on.replace(folder, "version 1", "broken version 2")
        on.commit(folder, "A preparation that goes wrong")
        refused = push(on, folder)
    assert refused.status != 0, refused.output
    assert "release command `python prepare.py` failed (exit code 1)" in refused.output
    assert "the preparation went wrong" in refused.output
    assert load.result is not None and load.result.failed == 0, load.result
    assert on.visit(host).body == "Hello from version 1\n"

    on.replace(folder, "broken version 2", "version 3")
    on.commit(folder, "Mended")
    mended = push(on, folder)
    assert "preparing version 3" in mended.output, mended.output
    assert live_host(mended) == host
    assert on.visit(host).body == "Hello from version 3\n"
